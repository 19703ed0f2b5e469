// SPDX-License-Identifier: GPL-2.0
// The states' colours, after Okabe and Ito, who chose them for all kinds of
// colour vision. A shape repeats what the colour says: off the CPU is striped,
// in I/O is low, idle is a line.

const STATES = [
	{name: "not there", hidden: true},
	{name: "runs with the lock", light: "#009e73", dark: "#1fbf8f"},
	{name: "has the lock, preempted", light: "#009e73", dark: "#1fbf8f", stripes: true},
	{name: "has the lock, asleep", light: "#7fcfb9", dark: "#14634d", dots: true},
	{name: "granted, waking up", light: "#e8d21d", dark: "#f0e442"},
	{name: "waits for the lock", light: "#d55e00", dark: "#f07a1f"},
	{name: "in I/O", light: "#56b4e9", dark: "#56b4e9", height: 0.5},
	{name: "runs without the lock", light: "#0072b2", dark: "#3d8fd1"},
	{name: "ready, no CPU", light: "#0072b2", dark: "#3d8fd1", stripes: true},
	{name: "idle", light: "#aab2bc", dark: "#5c6673", height: 0.12},
	{name: "CPU runs something else", light: "#c9ced6", dark: "#454d59", height: 0.6},
];

let dark = false;

/* A canvas pixel's number. Machines that run browsers are little endian. */
function packColour(hex, factor) {
	const part = (at) => Math.round(parseInt(hex.slice(at, at + 2), 16) * factor);
	return (255 << 24 | part(5) << 16 | part(3) << 8 | part(1)) >>> 0;
}

let palette = [];
function makePalette() {
	palette = STATES.map((state) => {
		const hex = state.hidden ? "#000000" : dark ? state.dark : state.light;
		return {full: packColour(hex, 1), deep: packColour(hex, 0.55),
			hex, ...state};
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

function css(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function drawLegend() {
	const list = document.getElementById("legend");
	list.replaceChildren();
	palette.forEach((colour, i) => {
		if (!i)
			return;
		const item = document.createElement("li");
		const canvas = document.createElement("canvas");
		canvas.width = 26;
		canvas.height = 14;
		const pen = canvas.getContext("2d");
		const image = pen.createImageData(26, 14);
		const pixels = new Uint32Array(image.data.buffer);
		const height = Math.max(2, Math.round((colour.height || 1) * 14));
		for (let y = 14 - height; y < 14; y++)
			for (let x = 0; x < 26; x++)
				pixels[y * 26 + x] = pixel(colour, x, y);
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
