// Wires each page's parts; parts that htmx brings later are wired when they arrive.
import { watchConnection } from "./connection.js";
import { restWhileHidden } from "./hidden.js";
import { watchIdle } from "./idle.js";
import { listenForKeys } from "./rows.js";
import { offerCopy, offerLogins, tellPasskeyTrouble } from "./small.js";
import { mountTimelines } from "./timeline.js";
import { mountTrends } from "./trend.js";
import { mountUploads } from "./upload.js";

function mount() {
  mountTrends(document);
  mountTimelines(document);
  mountUploads(document);
}

offerLogins(document);
offerCopy(document);
tellPasskeyTrouble(document);
watchConnection();
watchIdle();
restWhileHidden();
listenForKeys(document);
mount();
document.addEventListener("htmx:after:swap", mount);
