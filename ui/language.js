{
  // Gradio asks the browser for the language: it is told the one that the server chose among those that the page speaks,
  // so that the page, what Gradio adds to it and the server's sentences are all in one.
  const { lang } = document.documentElement;
  const answers = { language: lang, languages: Object.freeze([lang]) };
  for (const [name, value] of Object.entries(answers)) Object.defineProperty(navigator, name, { get: () => value });
  window.gradio_config.title = document.title;

  // Some of what Gradio says is English in every language, and what a photo is called reaches the page untranslated.
  const names = new Map(JSON.parse(document.getElementById("gradio-names").textContent));
  const prefixes = [...names].filter(([english]) => english.endsWith("{label}")).map((pair) => pair.map((text) => text.replace("{label}", "")));
  const ATTRIBUTES = ["aria-label", "title", "alt"];

  const NOT_YET = "__i18n__";
  const translated = (text) => {
    if (text.startsWith(NOT_YET)) return window.gradio_config.i18n_translations[lang][JSON.parse(text.slice(NOT_YET.length)).key];
    const prefix = prefixes.find(([english]) => text.startsWith(english));
    return prefix ? prefix[1] + text.slice(prefix[0].length) : names.get(text);
  };

  const rename = (element) => {
    for (const attribute of ATTRIBUTES) {
      const name = translated(element.getAttribute(attribute) ?? "");
      if (name) element.setAttribute(attribute, name);
    }
    if (element.tagName !== "BUTTON") return;
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = translated(texts.currentNode.data.trim());
      if (text) texts.currentNode.data = text;
    }
  };

  const selector = ["button", ...ATTRIBUTES.map((attribute) => `[${attribute}]`)].join();
  const onChange = (changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "attributes") rename(target);
      for (const node of addedNodes) {
        if (node.nodeType !== Node.ELEMENT_NODE) continue;
        if (node.matches(selector)) rename(node);
        node.querySelectorAll(selector).forEach(rename);
      }
    }
  };
  const watched = { subtree: true, childList: true, attributes: true, attributeFilter: ATTRIBUTES };
  new MutationObserver(onChange).observe(document.documentElement, watched);
}
