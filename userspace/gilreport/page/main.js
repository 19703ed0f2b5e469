// SPDX-License-Identifier: GPL-2.0
// The page as a whole: which lock, which theme.

const SUN = "☀", MOON = "☾";

function setTheme(wanted) {
	dark = wanted;
	document.documentElement.classList.toggle("dark", dark);
	document.getElementById("theme").textContent = dark ? SUN : MOON;
	makePalette();
	if (view.lock)
		drawLegend();
	redraw();
}

/* Not every browser lets a file remember things. */
function remember(theme) {
	try {
		localStorage.setItem("gilreport-dark", Number(theme));
	} catch { /* then the next page begins with the system's theme */ }
}

function remembered() {
	try {
		const found = localStorage.getItem("gilreport-dark");
		return found === null ? null : found === "1";
	} catch {
		return null;
	}
}

/* Paper is light and has no scroll bars. */
function listenToPrinter() {
	let before = false;
	addEventListener("beforeprint", () => {
		before = dark;
		printing = true;
		setTheme(false);
		draw();
	});
	addEventListener("afterprint", () => {
		printing = false;
		setTheme(before);
	});
}

function showLock(index) {
	const lock = DATA.locks[index];
	document.getElementById("lock").value = index;
	view.lock = lock;
	view.open = openLock(lock);
	select(null);
	drawLegend();
	offerThreads();
	showFigures();
	showAll();
}

function start() {
	const choice = document.getElementById("lock");
	DATA.locks.forEach((lock, i) => choice.append(new Option(
		`${lock.lock}${lock.lock ? "" : " (global)"}: ${lock.threads.length} thread${lock.threads.length === 1 ? "" : "s"}`, i)));
	choice.addEventListener("change", () => showLock(Number(choice.value)));
	document.getElementById("lock-choice").hidden = DATA.locks.length < 2;
	document.getElementById("title").textContent = (DATA.command || DATA.parameters.trace)
		.replace(/^\S*\//, "");
	document.getElementById("subtitle").textContent =
		["gilreport", DATA.parameters.trace, DATA.kernel && `Linux ${DATA.kernel}`,
			`starts at ${clockText(0)}${DATA.clock ? ` by ${DATA.clock}` : ""}`,
			`${DATA.cpus} CPUs`, `${countText(DATA.events)} events`].filter(Boolean).join(" · ");
	document.title = `gilreport: ${DATA.command || DATA.parameters.trace}`;
	const prefers = matchMedia("(prefers-color-scheme: dark)");
	document.getElementById("theme").addEventListener("click", () => {
		setTheme(!dark);
		remember(dark);
	});
	prefers.addEventListener("change", () => setTheme(prefers.matches));
	// The lock that was contended most is what people came for.
	const best = DATA.locks.reduce((found, lock, i) =>
		lock.wait.total_ns > DATA.locks[found].wait.total_ns ? i : found, 0);
	setTheme(remembered() ?? prefers.matches);
	listen();
	listenToPrinter();
	listenToFigures();
	if (!restoreView())
		showLock(best);
}

start();
