"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const reveal = (element) => { if (element) element.hidden = false; };
  const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

  /* Filters of the changes */
  const changes = byId("change-filters");
  const cards = all("#changes .card");
  if (changes && cards.length) {
    const sections = all("#changes .changes");
    const texts = new Map();
    const textOf = (card) => {
      if (!texts.has(card)) texts.set(card, card.textContent.toLowerCase());
      return texts.get(card);
    };
    const shown = byId("changes-shown");
    const filter = () => {
      const wanted = words(changes.elements.words.value);
      const action = changes.elements.action.value;
      let count = 0;
      for (const card of cards) {
        card.hidden =
          (action !== "" && card.dataset.action !== action) || !wanted.every((word) => textOf(card).includes(word));
        count += card.hidden ? 0 : 1;
      }
      for (const section of sections) section.hidden = all(".card", section).every((card) => card.hidden);
      shown.textContent = `${count} of ${cards.length}`;
    };
    changes.addEventListener("input", filter);
    changes.addEventListener("submit", (event) => event.preventDefault());
    changes.addEventListener("click", (event) => {
      const fold = event.target.dataset.fold;
      if (fold) for (const card of cards) if (!card.hidden) card.open = fold === "open";
    });
    changes.hidden = false;
    shown.textContent = `${cards.length} of ${cards.length}`;
  }

  /* A link to a resource opens it, whatever the filters say */
  const arrive = () => {
    const card = byId(decodeURIComponent(location.hash.slice(1)));
    if (!card || !card.matches(".card")) return;
    card.hidden = false;
    card.closest(".changes").hidden = false;
    card.open = true;
    card.scrollIntoView();
    card.querySelector("summary").focus({ preventScroll: true });
  };
  addEventListener("hashchange", arrive);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#resource-']");
    // The same place once more is no change of it.
    if (link && link.getAttribute("href") === location.hash) arrive();
  });
  arrive();

  /* Remedies to copy */
  const copy = async (remedy, button) => {
    const code = all("pre", remedy).map((block) => block.textContent);
    const text = code.length ? code.join("\n\n") : all("p:not(.label)", remedy).map((p) => p.textContent).join("\n");
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(remedy);
      button.textContent = "Selected";
    }
  };
  const equip = (root) => {
    for (const label of all(".remedy > .label", root)) {
      if (label.querySelector("button")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Copy";
      button.setAttribute("aria-label", "Copy what to do");
      button.addEventListener("click", () => copy(label.parentElement, button));
      label.append(button);
    }
  };
  all("header, section:not(.changes), .card[open]").forEach(equip);
  document.addEventListener("toggle", (event) => { if (event.target.matches(".card[open]")) equip(event.target); }, true);

  /* Calls */
  const filters = byId("call-filters");
  if (filters) {
    const rows = all("#calls tbody tr").map((row) => ({
      row,
      at: Number(row.cells[0].textContent),
      phase: row.cells[1].textContent,
      text: row.textContent.toLowerCase(),
    }));
    const { elements } = filters;
    const shown = byId("calls-shown");
    const filter = () => {
      const wanted = words(elements.words.value);
      const from = elements.from.value === "" ? -Infinity : Number(elements.from.value);
      const to = elements.to.value === "" ? Infinity : Number(elements.to.value);
      let count = 0;
      for (const { row, at, phase, text } of rows) {
        const gone =
          at < from ||
          at > to ||
          (elements.phase.value !== "" && phase !== elements.phase.value) ||
          (elements.writes.checked && !row.classList.contains("write")) ||
          (elements.failed.checked && !row.classList.contains("failed")) ||
          !wanted.every((word) => text.includes(word));
        if (row.hidden !== gone) row.hidden = gone;
        count += gone ? 0 : 1;
      }
      shown.textContent = `${count} of ${rows.length}`;
    };
    filters.addEventListener("input", filter);
    filters.addEventListener("reset", () => setTimeout(filter));
    filters.addEventListener("submit", (event) => event.preventDefault());
    byId("timeline").addEventListener("click", (event) => {
      const { start, end } = event.target.dataset;
      if (start === undefined) return;
      elements.phase.value = event.target.closest(".lane").querySelector(".phase").textContent;
      elements.from.value = start;
      elements.to.value = end;
      filter();
    });
    filters.hidden = false;
    shown.textContent = `${rows.length} of ${rows.length}`;
  }

  /* The picture */
  const svg = byId("graph");
  if (svg) {
    const SMALLEST = 0.05, LARGEST = 3, LEGIBLE = 0.62, FAR = 0.45, STEP = 1.35, DRAGGED = 5;
    const picture = byId("picture"), world = byId("world"), said = byId("graph-said");
    const [WIDTH, HEIGHT] = ["width", "height"].map((side) => Number(svg.querySelector(".node rect").getAttribute(side)));
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    const nodes = all(".node", svg).map((element) => {
      const [x, y] = element.getAttribute("transform").match(/-?\d+/g).map(Number);
      return { element, number: element.dataset.node, x, y, title: element.querySelector("title").textContent };
    });
    const byNumber = new Map(nodes.map((node) => [node.number, node]));
    const edges = all(".edges path", svg);
    const following = new Map();
    for (const edge of edges) {
      const { from } = edge.dataset;
      if (!following.has(from)) following.set(from, []);
      following.get(from).push(edge);
    }
    let scale = 1, left = 0, top = 0, drawn = 0;
    const draw = () => {
      drawn = 0;
      world.setAttribute("transform", `translate(${left} ${top}) scale(${scale})`);
      svg.classList.toggle("far", scale < FAR);
    };
    const redraw = () => { if (!drawn) drawn = requestAnimationFrame(draw); };
    const zoom = (factor, x = picture.clientWidth / 2, y = picture.clientHeight / 2) => {
      const next = Math.min(LARGEST, Math.max(SMALLEST, scale * factor));
      left = x - ((x - left) * next) / scale;
      top = y - ((y - top) * next) / scale;
      scale = next;
      redraw();
    };
    const fitting = () => Math.min(picture.clientWidth / width, picture.clientHeight / height, 1);
    const fit = (least = 0) => {
      scale = Math.max(fitting(), least);
      left = Math.max(0, (picture.clientWidth - width * scale) / 2);
      top = Math.max(0, (picture.clientHeight - height * scale) / 2);
      redraw();
    };
    const resize = () => {
      const { clientWidth, clientHeight } = picture;
      if (clientWidth && clientHeight) svg.setAttribute("viewBox", `0 0 ${clientWidth} ${clientHeight}`);
    };
    const show = ({ x, y }) => {
      const right = left + (x + WIDTH) * scale, bottom = top + (y + HEIGHT) * scale;
      left -= Math.max(0, right - picture.clientWidth) + Math.min(0, left + x * scale);
      top -= Math.max(0, bottom - picture.clientHeight) + Math.min(0, top + y * scale);
      redraw();
    };

    /* What hangs on a resource */
    const light = (node) => {
      for (const element of all(".lit", svg)) element.classList.remove("lit");
      svg.classList.toggle("lighting", Boolean(node));
      if (!node) return;
      const seen = new Set([node.number]), waiting = [node.number];
      while (waiting.length) {
        for (const edge of following.get(waiting.pop()) || []) {
          edge.classList.add("lit");
          const { to } = edge.dataset;
          if (!seen.has(to)) {
            seen.add(to);
            waiting.push(to);
          }
        }
      }
      for (const number of seen) byNumber.get(number).element.classList.add("lit");
    };
    const nodeOf = (target) => {
      const element = target instanceof Element && target.closest(".node");
      return element ? byNumber.get(element.dataset.node) : undefined;
    };
    svg.addEventListener("pointerover", (event) => { if (!drag) light(nodeOf(event.target)); });
    svg.addEventListener("pointerleave", () => light(undefined));

    /* Moving about */
    let drag = null;
    const pointers = new Map();
    picture.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      pointers.set(event.pointerId, event);
      drag = { x: event.clientX, y: event.clientY, left, top, far: false };
    });
    addEventListener("pointermove", (event) => {
      if (!drag || !pointers.has(event.pointerId)) return;
      const others = [...pointers.values()].filter((each) => each.pointerId !== event.pointerId);
      const before = pointers.get(event.pointerId);
      pointers.set(event.pointerId, event);
      if (others.length) {
        const apart = (one) => Math.hypot(one.clientX - others[0].clientX, one.clientY - others[0].clientY) || 1;
        const box = picture.getBoundingClientRect();
        const x = (event.clientX + others[0].clientX) / 2 - box.left, y = (event.clientY + others[0].clientY) / 2 - box.top;
        drag.far = true;
        zoom(apart(event) / apart(before), x, y);
        return;
      }
      const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
      drag.far = drag.far || Math.hypot(dx, dy) > DRAGGED;
      if (drag.far) {
        left = drag.left + dx;
        top = drag.top + dy;
        redraw();
      }
    });
    let moved = false;
    const release = (event) => {
      pointers.delete(event.pointerId);
      if (!drag) return;
      moved = drag.far;
      const [rest] = pointers.values();
      drag = rest ? { x: rest.clientX, y: rest.clientY, left, top, far: true } : null;
    };
    addEventListener("pointerup", release);
    addEventListener("pointercancel", release);
    // What ends a drag is no click on the resource below it.
    picture.addEventListener("click", (event) => {
      if (moved) event.preventDefault();
      moved = false;
    }, true);
    picture.addEventListener("dragstart", (event) => event.preventDefault());
    picture.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = picture.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
    }, { passive: false });

    /* One stop for the Tab key; arrow keys go on from there */
    let current = nodes[0];
    const stop = (node) => {
      current.element.setAttribute("tabindex", "-1");
      current = node;
      current.element.setAttribute("tabindex", "0");
    };
    const goTo = (node) => {
      stop(node);
      show(node);
      node.element.focus({ preventScroll: true });
    };
    const SIDES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const beside = ([dx, dy]) => {
      let best = null, least = Infinity;
      for (const node of nodes) {
        const ahead = (node.x - current.x) * dx + (node.y - current.y) * dy;
        const aside = Math.abs((node.x - current.x) * dy) + Math.abs((node.y - current.y) * dx);
        if (ahead > 0 && ahead + 2 * aside < least) {
          least = ahead + 2 * aside;
          best = node;
        }
      }
      return best;
    };
    for (const { element } of nodes) element.setAttribute("tabindex", "-1");
    stop(nodes[0]);
    // On the picture, for an element of SVG with such a listener takes the focus itself.
    picture.addEventListener("focusin", (event) => {
      const node = nodeOf(event.target);
      if (!node) return;
      stop(node);
      light(node);
      said.textContent = node.title;
    });
    picture.addEventListener("focusout", () => light(undefined));
    picture.addEventListener("keydown", (event) => {
      const next = SIDES[event.key] && beside(SIDES[event.key]);
      if (next) goTo(next);
      else if (event.key === "+" || event.key === "=") zoom(STEP);
      else if (event.key === "-") zoom(1 / STEP);
      else if (event.key === "0") fit();
      else if (!SIDES[event.key]) return;
      event.preventDefault();
    });

    byId("graph-tools").addEventListener("click", (event) => {
      const how = event.target.dataset.zoom;
      if (how === "fit") fit();
      else if (how) zoom(how === "in" ? STEP : 1 / STEP);
    });
    const find = byId("graph-find");
    find.addEventListener("input", () => {
      const wanted = words(find.value);
      const hits = wanted.length ? nodes.filter(({ title }) => wanted.every((word) => title.toLowerCase().includes(word))) : [];
      for (const { element } of nodes) element.classList.remove("found");
      for (const { element } of hits) element.classList.add("found");
      svg.classList.toggle("finding", wanted.length > 0);
      said.textContent = wanted.length ? `${hits.length} found` : "";
      if (hits.length) {
        stop(hits[0]);
        scale = Math.max(scale, LEGIBLE);
        show(hits[0]);
      }
    });
    reveal(byId("graph-tools"));
    picture.classList.add("live");
    resize();
    fit(LEGIBLE);
    let onPaper = false;
    new ResizeObserver(() => {
      if (onPaper) return;
      resize();
      redraw();
    }).observe(picture);
    addEventListener("beforeprint", () => {
      onPaper = true;
      cancelAnimationFrame(drawn);
      drawn = 0;
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      svg.classList.remove("far");
      world.removeAttribute("transform");
    });
    addEventListener("afterprint", () => {
      onPaper = false;
      resize();
      draw();
    });
  }
  all(".script-only").forEach(reveal);

  /* The document: compressed, for it is as long as the page */
  const download = byId("download");
  const save = async () => {
    const packed = Uint8Array.from(atob(byId("report-json").textContent), (char) => char.charCodeAt(0));
    const text = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = "report.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  if ("DecompressionStream" in window) {
    download.hidden = false;
    download.addEventListener("click", save);
  }

  addEventListener("beforeprint", () => all("details").forEach((details) => { details.open = true; }));
})();
