"""The pages, one module each. Views fetch through `sessions_app.dashboard.doors` and render; rules live below."""
