// Draws each chart from the table that stands beside it, and folds the table away. Where this file, or a library it
// needs, is missing, the table stays.
(() => {
  "use strict";
  const token = (name) => `var(--${name})`;
  const look = { background: "transparent", color: "inherit", fontFamily: "inherit", fontSize: "12px", overflow: "visible" };
  const charsThatFit = 18;
  const dated = (parts) => {
    const format = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: "UTC", ...parts });
    return (at) => format.format(at);
  };
  const month = dated({ month: "short" });
  const day = dated({ month: "short", day: "numeric" });
  const clock = dated({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  // The year, or the day, stands below the first tick and where it changes.
  const monthTick = (at, n) => (n === 0 || at.getUTCMonth() === 0 ? `${month(at)}\n${at.getUTCFullYear()}` : month(at));
  const clockTick = (at, n) => (n === 0 || at.getUTCHours() + at.getUTCMinutes() === 0 ? `${clock(at)}\n${day(at)}` : clock(at));

  const short = (text, most = charsThatFit) => ([...text].length > most ? `${[...text].slice(0, most - 1).join("")}…` : text);
  const breadth = (text) => [...text].reduce((sum, c) => sum + (c > "\u2e7f" ? 12.5 : 6.6), 0);

  function read(figure) {
    return [...figure.querySelectorAll("tbody tr")].map((row) => ({
      label: row.dataset.label,
      value: Number(row.dataset.value),
      more: JSON.parse(row.dataset.more || "[]"),
      path: row.dataset.path,
    }));
  }

  const kinds = {
    columns(rows, width) {
      const data = rows.map((row) => ({ at: new Date(`${row.label}T00:00:00Z`), value: row.value }));
      const step = data.length > 1 ? data[1].at - data[0].at : 864e5;
      const interval = step > 20 * 864e5 ? "month" : step > 6 * 864e5 ? "monday" : "day";
      return Plot.plot({
        width, height: 160, marginLeft: 34, marginBottom: 36, marginTop: 12, style: look,
        x: { type: "utc", label: null, ticks: Math.max(2, Math.floor(width / 80)), tickFormat: interval === "day" ? day : monthTick },
        y: { label: null, grid: true, ticks: Math.min(4, Math.max(1, ...data.map((one) => one.value))), tickFormat: (n) => (Number.isInteger(n) ? String(n) : "") },
        marks: [
          Plot.rectY(data, { x: "at", y: "value", interval, fill: token("chart"), insetLeft: 1, tip: false }),
          Plot.ruleY([0], { stroke: token("line") }),
        ],
      });
    },
    bars(rows, width) {
      const left = Math.min(150, 12 + Math.max(...rows.map((row) => breadth(short(row.label)))));
      return Plot.plot({
        width, height: 22 * rows.length + 10, marginLeft: left, marginRight: 34, marginTop: 4, marginBottom: 4, style: look,
        x: { axis: null },
        y: { domain: rows.map((row) => row.label), label: null, tickSize: 0, tickFormat: (label) => short(label) },
        marks: [
          Plot.barX(rows, { x: "value", y: "label", fill: token("chart"), href: "path", insetTop: 1, insetBottom: 1 }),
          Plot.text(rows, { x: "value", y: "label", text: (row) => row.value.toLocaleString(), textAnchor: "start", dx: 4, fill: "currentColor" }),
        ],
      });
    },
    dots(rows, width, figure) {
      const names = new Map(figure.dataset.statuses.split(";").filter(Boolean).map((pair) => pair.split("=")));
      const data = rows.map((row) => ({ at: new Date(row.label), outlet: row.more[0], status: row.more[1], title: row.more[2] }));
      const told = [...names.keys()].filter((name) => data.some((one) => one.status === name));
      const outlets = [...new Set(data.map((one) => one.outlet))];
      const left = Math.min(150, 12 + Math.max(...outlets.map((outlet) => breadth(short(outlet)))));
      const [first, last] = [data[0].at, data[data.length - 1].at];
      const tickFormat = last - first < 3 * 864e5 ? clockTick : last - first < 200 * 864e5 ? day : monthTick;
      return Plot.plot({
        width, height: 24 * outlets.length + 54, marginBottom: 36, marginLeft: left, marginRight: 28, style: look,
        x: { type: "utc", label: null, grid: true, nice: true, ticks: Math.max(2, Math.floor((width - left) / 90)), tickFormat },
        y: { domain: outlets, label: null, tickSize: 0, tickFormat: (outlet) => short(outlet) },
        color: { domain: told, range: told.map((name) => token(`is-${name}`)), legend: true, tickFormat: (name) => names.get(name) },
        marks: [
          Plot.dot(data, { x: "at", y: "outlet", fill: "status", r: 6, stroke: token("paper"), title: (one) => `${one.outlet}: ${one.title}` }),
        ],
      });
    },
    flow(rows, width) {
      // Each side has names of its own: an employer can be a destination, too.
      const nodes = new Map();
      const node = (side, name) => {
        const key = `${side}|${name}`;
        if (!nodes.has(key)) nodes.set(key, { key, side, name });
        return key;
      };
      const links = rows.map((row) => ({
        source: node("from", row.label || "–"), target: node("to", row.more[0]), value: row.value, kind: row.more[1],
      }));
      const most = Math.max(...["from", "to"].map((side) => [...nodes.values()].filter((n) => n.side === side).length));
      const height = Math.max(90, 26 * most);
      const room = Math.min(170, width * 0.34);
      const graph = d3.sankey().nodeId((n) => n.key).nodeWidth(10).nodePadding(8)
        .extent([[room, 4], [width - room, height - 4]])({ nodes: [...nodes.values()], links });
      const svg = d3.create("svg").attr("width", width).attr("height", height).attr("viewBox", [0, 0, width, height]);
      svg.append("g").attr("fill", "none").selectAll("path").data(graph.links).join("path")
        .attr("d", d3.sankeyLinkHorizontal()).attr("class", (l) => `flow-${l.kind}`)
        .attr("stroke-width", (l) => Math.max(1, l.width))
        .append("title").text((l) => `${l.source.name} → ${l.target.name}: ${l.value}`);
      svg.append("g").selectAll("rect").data(graph.nodes).join("rect")
        .attr("x", (n) => n.x0).attr("y", (n) => n.y0).attr("width", (n) => n.x1 - n.x0)
        .attr("height", (n) => Math.max(1, n.y1 - n.y0)).attr("class", "flow-node");
      const fits = Math.floor(room / 7.5);
      svg.append("g").selectAll("text").data(graph.nodes).join("text")
        .attr("x", (n) => (n.side === "from" ? n.x0 - 6 : n.x1 + 6)).attr("y", (n) => (n.y0 + n.y1) / 2).attr("dy", "0.35em")
        .attr("text-anchor", (n) => (n.side === "from" ? "end" : "start"))
        .text((n) => `${short(n.name, /[\u2e80-\uffff]/.test(n.name) ? Math.floor(fits * 0.6) : fits - 3)} ${n.value}`)
        .append("title").text((n) => n.name);
      return svg.node();
    },
  };

  function draw(figure) {
    const rows = read(figure);
    const width = Math.max(240, Math.floor(figure.clientWidth));
    const drawn = kinds[figure.dataset.kind](rows, width, figure);
    const picture = document.createElement("div");
    picture.className = "picture";
    picture.append(drawn);
    const svg = picture.querySelector(":scope > svg, :scope > figure > svg:last-of-type");
    const name = figure.querySelector("figcaption").textContent.trim();
    // With links in it, it is a group of links; else it is one picture. The table says the same in words.
    svg.setAttribute("role", svg.querySelector("a") ? "group" : "img");
    svg.setAttribute("aria-label", name);
    // Plot names its groups in ways that readers of screens are not meant to hear.
    svg.querySelectorAll("g[aria-label]").forEach((group) => group.removeAttribute("aria-label"));
    svg.querySelectorAll("a").forEach((link, n) => {
      const row = rows.filter((one) => one.path)[n];
      link.setAttribute("aria-label", `${row.label}: ${row.value}`);
    });
    figure.querySelector(".picture")?.remove();
    figure.querySelector("figcaption").after(picture);
    if (!figure.classList.contains("drawn")) figure.querySelector("details").open = false;
    figure.classList.add("drawn");
  }

  function spark(place) {
    const values = place.dataset.values.split(" ").map(Number);
    if (!values.some(Boolean)) return;
    place.replaceChildren(Plot.plot({
      width: 100, height: 22, margin: 1, style: look, axis: null, x: { type: "band" },
      marks: [Plot.barY(values.map((value, day) => ({ value, day })), { x: "day", y: "value", fill: token("chart") })],
    }));
    place.setAttribute("aria-hidden", "true");
  }

  const figures = [...document.querySelectorAll("figure.chart")];
  const all = () => figures.forEach((figure) => {
    try {
      draw(figure);
    } catch (problem) {
      figure.classList.add("drawn"); // the table is there
      console.error(problem);
    }
  });
  if (!window.Plot || !window.d3) return;
  all();
  document.querySelectorAll(".spark").forEach(spark);
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth !== width) {
      width = window.innerWidth;
      all();
    }
  });
})();
