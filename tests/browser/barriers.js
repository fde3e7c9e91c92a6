// What axe finds, and what axe leaves to a person to look at: a field that is described by something that is not there.
async () => {
  const options = {resultTypes: ["violations"], preload: false, rules: {"target-size": {enabled: true}}};
  const found = await axe.run(document, options);
  const lines = found.violations.flatMap((rule) => rule.nodes.map((node) => {
    const why = node.failureSummary.replaceAll(/\s+/g, " ");
    return `${rule.impact} ${rule.id}: ${node.target.join(" ")}: ${why}`;
  }));
  for (const name of ["aria-describedby", "aria-labelledby", "aria-controls"]) {
    for (const node of document.querySelectorAll(`[${name}]`)) {
      for (const id of node.getAttribute(name).split(/\s+/)) {
        if (id && !document.getElementById(id)) lines.push(`serious ${name} of ${node.nodeName}: there is no ${id}`);
      }
    }
  }
  return lines;
}
