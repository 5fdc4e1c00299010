// What the accessibility test asks of a page; each answer is a list of what is wrong.
({
  contrast: () => {
  const lum = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const parse = (text) => { const m = text.match(/[\d.]+/g).map(Number); return m.length > 3 ? m : [...m, 1]; };
  const behind = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, [r, g, b, a]) => [r, g, b].map((v, i) => v * a + under[i] * (1 - a)), [255, 255, 255]);
  };
  const bad = [];
  for (const node of document.querySelectorAll("body *")) {
    if (!node.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const own = [...node.childNodes].some(c => c.nodeType === 3 && c.textContent.trim());
    if (!own || node.closest(".visually-hidden, .skip, option")) continue;
    const style = getComputedStyle(node);
    const opacity = Number(style.opacity), back = behind(node), ink = parse(style.color);
    const mixed = [0, 1, 2].map(i => ink[i] * opacity * ink[3] + back[i] * (1 - opacity * ink[3]));
    const [a, b] = [lum(mixed), lum(back)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize), big = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if ((a + .05) / (b + .05) < (big ? 3 : 4.5)) bad.push(`${node.tagName} ${node.className} ${node.textContent.trim().slice(0, 30)} ${((a + .05) / (b + .05)).toFixed(2)}`);
  }
  return bad;
},
  unnamed: () => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, img, canvas:not([hidden]), summary, dialog")]
  .filter(node => !node.closest("[aria-hidden=true]") && node.getAttribute("aria-hidden") !== "true")
  .filter(node => !(node.getAttribute("aria-label") || node.getAttribute("alt") || node.getAttribute("aria-labelledby")
     || (node.labels && node.labels.length && node.labels[0].textContent.trim()) || (!/INPUT|SELECT|TEXTAREA/.test(node.tagName) && (node.textContent.trim() || node.querySelector("img[alt]")))))
  .map(node => node.outerHTML.slice(0, 120)),
  structure: () => {
  const ids = [...document.querySelectorAll("[id]")].map(n => n.id);
  const twice = ids.filter((id, i) => ids.indexOf(id) !== i);
  const pointing = [...document.querySelectorAll("[aria-describedby], [aria-labelledby], label[for]")]
    .flatMap(n => [(n.getAttribute("aria-describedby") || ""), (n.getAttribute("aria-labelledby") || ""), n.htmlFor || ""].join(" ").split(/\s+/))
    .filter(id => id && !document.getElementById(id));
  return { twice, pointing, lang: document.documentElement.lang, title: document.title, h1: document.querySelectorAll("h1").length,
    main: document.querySelectorAll("main").length, inline: document.querySelectorAll("[onclick], [style]:not(.sheet, .sheet *, canvas), script:not([src])").length,
    positive: document.querySelectorAll("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").length };
},
  small: () => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")]
  .filter(node => node.checkVisibility({ visibilityProperty: true }) && !node.closest(".visually-hidden, .skip") && !node.classList.contains("visually-hidden"))
  .map(node => [node, node.getBoundingClientRect()])
  .filter(([node, box]) => (box.width < 24 || box.height < 24) && !(node.type === "checkbox" && node.closest("label, td")) && getComputedStyle(node).display !== "inline")
  .map(([node, box]) => `${node.outerHTML.slice(0, 90)} ${box.width}x${box.height}`)
})
