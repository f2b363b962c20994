// The script of a report: figures can be taken away as files, and folded parts be opened.

const PIXELS = 2400; // the width of a PNG

/**
 * A figure as a file of its own: in the colours of a light page, which are its defaults.
 *
 * @param {SVGSVGElement} svg
 * @returns {string}
 */
const standalone = (svg) => {
  const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
  const { width, height } = svg.viewBox.baseVal;
  copy.setAttribute("width", `${width}pt`);
  copy.setAttribute("height", `${height}pt`);
  for (const part of copy.querySelectorAll("[style]")) {
    const style = part.getAttribute("style") ?? "";
    part.setAttribute("style", style.replace(/var\(--[\w-]+, *(#\w+)\)/g, "$1"));
  }
  return new XMLSerializer().serializeToString(copy);
};

/**
 * @param {SVGSVGElement} svg
 * @returns {Promise<Blob | null>}
 */
const png = async (svg) => {
  const { width, height } = svg.viewBox.baseVal;
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standalone(svg))}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = PIXELS;
  canvas.height = Math.round((PIXELS * height) / width);
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
};

/**
 * @param {string} name
 * @param {Blob | null} content
 */
const save = (name, content) => {
  if (!content) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};

/**
 * @param {string} text
 * @param {string} title
 * @param {() => void} act
 */
const button = (text, title, act) => {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.title = title;
  made.addEventListener("click", act);
  return made;
};

for (const figure of /** @type {NodeListOf<HTMLElement>} */ (
  document.querySelectorAll("figure[data-file]")
)) {
  const svg = figure.querySelector("svg");
  const name = figure.dataset.file;
  if (!svg) continue;
  const row = document.createElement("p");
  row.className = "take";
  row.append(
    button("SVG", "Download this figure as SVG", () =>
      save(`${name}.svg`, new Blob([standalone(svg)], { type: "image/svg+xml" })),
    ),
    button("PNG", "Download this figure as PNG", async () => save(`${name}.png`, await png(svg))),
  );
  figure.append(row);
}

const folded = document.querySelectorAll("details");

/** @param {boolean} open */
const unfold = (open) => folded.forEach((part) => (part.open = open));

document.querySelector("nav ul")?.append(
  button("Unfold all", "Open every folded part, as for printing", () => unfold(true)),
  button("Fold all", "Close them again", () => unfold(false)),
);

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest('a[href^="#"]');
  const part = link && document.querySelector(link.getAttribute("href") ?? "");
  const inner = part && part.querySelector("details");
  if (inner) inner.open = true;
});
