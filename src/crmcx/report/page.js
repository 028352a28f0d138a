"use strict";
(() => {
  const small = 820; // pixels below which pictures are laid out as for a phone
  const paper = 860; // pixels of a picture that is printed, where the style makes it smaller
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const boxes = [...document.querySelectorAll("[data-picture]")];
  const config = { displayModeBar: false, displaylogo: false, doubleClick: false, showTips: false };

  // -- pictures: drawn as wide as their place, laid out anew when a phone is turned

  function source(box, layout) {
    const figure = box.closest("figure");
    const wanted = figure.querySelector(`script[data-layout="${layout}"]`);
    return JSON.parse((wanted || figure.querySelector("script[data-layout]")).textContent);
  }

  function draw(box, width) {
    const room = Math.floor(width || box.parentElement.clientWidth);
    const picture = source(box, room < small ? "narrow" : "wide");
    picture.layout.width = Math.max(room < small ? Number(box.dataset.narrowMin) : 0, room);
    box.style.height = `${picture.layout.height}px`;
    Plotly.react(box, picture.data, picture.layout, config);
    const sideways = picture.layout.width > box.parentElement.clientWidth;
    box.parentElement.toggleAttribute("data-sideways", sideways);
    if (sideways) box.parentElement.tabIndex = 0;
    else box.parentElement.removeAttribute("tabindex");
  }

  function drawAll(width) {
    if (typeof Plotly === "undefined") return;
    for (const box of boxes) if (box.parentElement.clientWidth > 0) draw(box, width);
  }

  let waiting = 0;
  let drawnAt = 0;
  function redraw() {
    if (document.documentElement.clientWidth === drawnAt) return;
    drawnAt = document.documentElement.clientWidth;
    drawAll();
  }
  redraw();
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(redraw, 120);
  });

  // what is folded has no width before it is opened
  document.addEventListener("toggle", (event) => {
    if (boxes.some((box) => event.target.contains(box))) drawAll();
  }, true);

  // -- printing: everything that is folded is opened, and pictures are as wide as the paper

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const each of folded) each.open = true;
    drawAll(paper);
  });
  addEventListener("afterprint", () => {
    for (const each of folded) each.open = false;
    drawAll();
  });

  // -- finding a person by number, among those the page holds

  const plain = (text) => text.replace(/\s+/g, "").toLowerCase();
  for (const form of document.querySelectorAll("[data-finder]")) {
    const field = form.querySelector("input");
    const answer = form.querySelector("[role=status]");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const wanted = plain(field.value);
      const cards = [...document.querySelectorAll("[data-numbers]")];
      const found = wanted && cards.find((card) => JSON.parse(card.dataset.numbers).includes(wanted));
      for (const card of cards) card.classList.toggle("found", card === found);
      if (!wanted) answer.textContent = "Type a number first.";
      else if (!found) answer.textContent = `This file holds no such number; it holds ${answer.dataset.holds}.`;
      else {
        answer.textContent = `Found: ${found.querySelector("h3").textContent}.`;
        form.scrollIntoView({ behavior: still.matches ? "auto" : "smooth", block: "start" });
        found.focus({ preventScroll: true });
      }
    });
  }
})();
