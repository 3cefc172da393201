// The same text runs as the page and, beside it, as the worker that does the checking.

const SOURCE = typeof document === "undefined" ? "" : document.currentScript.textContent;

if (typeof document === "undefined") serve();
else globalThis.holdfast = new Page(document.getElementById("page"));
