// SPDX-License-Identifier: GPL-2.0
// The states' colours, after Okabe and Ito, who chose them for all kinds of
// colour vision. Height and lightness say the same without colour: an owner is
// as tall as its lane, a waiter half as tall and pale below a dark edge, and a
// thread that does without the lock lower still. Stripes mean: has no CPU.

// As enum lane_state of lane.h.
const STATE_NAMES = Object.keys(DATA.locks[0].threads[0].states_ns);
const STATES = [
	{hidden: true},
	{light: "#00694d", dark: "#5fe3b5"},
	{light: "#00694d", dark: "#5fe3b5", stripes: true},
	{light: "#7fcfb9", dark: "#2f8a6b", dots: true,
		edges: ["#00694d", "#5fe3b5"]},
	{light: "#e8d21d", dark: "#f0e442",
		edges: ["#7a6a00", "#f0e442"]},
	{light: "#f4b183", dark: "#a34d0c", height: 0.45,
		edges: ["#d55e00", "#f07a1f"]},
	{light: "#56b4e9", dark: "#2f7fb0", height: 0.25,
		edges: ["#20719e", "#56b4e9"]},
	{light: "#0072b2", dark: "#3d8fd1", height: 0.65},
	{light: "#0072b2", dark: "#3d8fd1", stripes: true, height: 0.65},
	{light: "#7d8590", dark: "#6b7684", height: 0.1},
	{name: "CPU runs something else", light: "#c9ced6", dark: "#454d59", height: 0.45,
		edges: ["#7d8590", "#7b8696"]},
];
const OWNS = 1, GRANTED = 4, WAITS = 5, IDLE = 9;

let dark = false;

/* A canvas pixel's number, for a part of a colour and the rest of white or black.
   Machines that run browsers are little endian. */
function packColour(hex, part = 1, rest = 0) {
	const mix = (at) => Math.round(parseInt(hex.slice(at, at + 2), 16) * part +
		rest * (1 - part));
	return (255 << 24 | mix(5) << 16 | mix(3) << 8 | mix(1)) >>> 0;
}

let palette = [];
function makePalette() {
	styles.clear();
	palette = STATES.map((state, i) => {
		const hex = state.hidden ? "#000000" : dark ? state.dark : state.light;
		const edgeHex = state.edges ? state.edges[Number(dark)] : hex;
		return {height: 1, name: STATE_NAMES[i], ...state, hex, edgeHex, full: packColour(hex),
			deep: packColour(hex, 0.5, state.stripes && !dark ? 255 : 0),
			edge: packColour(edgeHex)};
	});
}

/* The colour of a state at a pixel, with its pattern. */
function pixel(colour, x, y) {
	if (colour.stripes && (x + y) % 6 < 3)
		return colour.deep;
	if (colour.dots && x % 4 < 2 && y % 4 < 2)
		return colour.deep;
	return colour.full;
}

/* A colour of the style sheet, read once for each theme. */
const styles = new Map();
function css(name) {
	if (!styles.has(name))
		styles.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
	return styles.get(name);
}

function drawLegend() {
	const list = document.getElementById("legend");
	list.replaceChildren();
	const happens = new Set(view.lock.threads.flatMap((thread) =>
		Object.values(thread.states_ns).map((ns, i) => ns ? i : 0)));
	palette.forEach((colour, i) => {
		if (!i || (!happens.has(i) && i < STATES.length - 1))
			return;
		const item = document.createElement("li");
		const canvas = document.createElement("canvas");
		canvas.width = 26;
		canvas.height = 14;
		const pen = canvas.getContext("2d");
		const image = pen.createImageData(26, 14);
		const pixels = new Uint32Array(image.data.buffer);
		const shares = new Float64Array(KINDS);
		shares[i] = 1;
		for (let x = 0; x < 26; x++)
			fillColumn(pixels, 26, x, 0, 14, shares, 1);
		pen.putImageData(image, 0, 0);
		item.append(canvas, colour.name);
		list.append(item);
	});
	const happened = new Set(DATA.locks.flatMap((lock) => lock.marks.map((mark) => mark.what)));
	const signs = [["died", "✕ died as the owner"], ["bound", "◆ bound to the lock"],
		["unbound", "◇ unbound"], ["policy", "┆ another policy"]];
	for (const text of ["▼ asked to drop the lock", "↑↓ handed over",
		...signs.filter(([what]) => happened.has(what)).map(([, text]) => text)])
		list.append(Object.assign(document.createElement("li"), {textContent: text}));
}
