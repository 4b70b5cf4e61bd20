// Everything works without this: it only saves a click or a reload.
"use strict";

for (const element of document.querySelectorAll("[data-hide]")) element.hidden = true;
for (const choice of document.querySelectorAll("select[data-submit]"))
  choice.addEventListener("change", () => choice.form.requestSubmit());
for (const field of document.querySelectorAll("input[data-select]"))
  field.addEventListener("focus", () => field.select());

// A part of the page which is fetched anew until the server says that it is final.
async function refresh(part) {
  let final = false;
  try {
    const answer = await fetch(part.dataset.live, { headers: { accept: "text/html" } });
    if (answer.ok) {
      const text = await answer.text();
      final = answer.headers.get("x-final") === "yes";
      if (text !== part.shown) {
        const atEnd = innerHeight + scrollY >= document.body.scrollHeight - 40;
        const open = [...part.querySelectorAll("details")].map((d) => d.open);
        part.innerHTML = text;
        part.querySelectorAll("details").forEach((d, i) => i in open && (d.open = open[i]));
        part.shown = text;
        if (atEnd && "follow" in part.dataset) scrollTo(0, document.body.scrollHeight);
      }
    } else final = answer.status < 500;
  } catch { /* the simulator is away: try again */ }
  if (!final) setTimeout(refresh, 1000, part);
  else if ("reload" in part.dataset) location.reload();
}
for (const part of document.querySelectorAll("[data-live]")) setTimeout(refresh, 1000, part);
