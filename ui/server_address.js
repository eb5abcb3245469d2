// Where the server of this page answers: the page may live below a path of a proxy, and its scheme and host are those of
// the address bar, whatever the server believes. Put in front of the scripts that ask it.
function serverAddress() {
  const root = window.gradio_config?.root ?? document.querySelector("gradio-app[src]")?.getAttribute("src") ?? ".";
  const url = new URL(root, location.href);
  const address = url.hostname === location.hostname ? location.origin + url.pathname : url.href;
  return address.replace(/\/+$/, "");
}
