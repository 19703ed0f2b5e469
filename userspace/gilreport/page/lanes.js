// SPDX-License-Identifier: GPL-2.0
// A lane's pixels. Every column shows how its time was shared out; sums of
// blocks of spans keep that cheap when there are many spans in a column.

const BLOCK = 64;
const KINDS = STATES.length;

/* For each block of BLOCK spans, how long each state lasted. */
function blockSums(spans) {
	const blocks = Math.floor(spans.count / BLOCK);
	spans.sums = new Float32Array(blocks * KINDS);
	for (let i = 0; i < blocks * BLOCK; i++)
		spans.sums[Math.floor(i / BLOCK) * KINDS + spans.states[i]] +=
			spans.starts[i + 1] - spans.starts[i];
}

/* Adds to shares how long each state lasted from t0 to t1; from span i on.
   Returns the span that t1 is in. */
function addShares(spans, i, t0, t1, shares) {
	const {starts, states, sums} = spans;
	while (i < spans.count) {
		if (i % BLOCK === 0 && i + BLOCK < spans.count && starts[i] >= t0 &&
		    starts[i + BLOCK] <= t1) {
			const at = i / BLOCK * KINDS;
			for (let s = 0; s < KINDS; s++)
				shares[s] += sums[at + s];
			i += BLOCK;
			continue;
		}
		const end = starts[i + 1];
		shares[states[i]] += Math.min(end, t1) - Math.max(starts[i], t0);
		if (end > t1)
			return i;
		i++;
	}
	return i;
}

/* States from the bottom of a column to its top. */
const ORDER = [1, 2, 3, 4, 5, 7, 8, 6, 10, 9];

/* Fills one column of an image: shares of a total, at pixel column x. */
function fillColumn(pixels, stride, x, phase, height, shares, total) {
	const edge = Math.max(1, Math.round(height / 16));
	let bottom = height, whole = 0;
	for (const state of ORDER) {
		if (!shares[state])
			continue;
		const colour = palette[state];
		whole += shares[state] / total * colour.height * height;
		const top = Math.min(height - 1, Math.round(height - whole));
		for (let y = top; y < bottom; y++)
			pixels[y * stride + x] = y < top + edge ? colour.edge :
				pixel(colour, x + phase, y);
		bottom = top;
	}
}

/* Draws spans from time t0 on, at ns a pixel, into a picture of its size. */
function drawSpans(image, spans, t0, nsPerPixel, phase) {
	const pixels = new Uint32Array(image.data.buffer);
	const shares = new Float64Array(KINDS);
	if (!spans.sums)
		blockSums(spans);
	if (!spans.count)
		return;
	let i = Math.max(0, lastAt(spans.starts, t0, spans.count));
	for (let x = 0; x < image.width; x++) {
		const start = t0 + x * nsPerPixel, end = start + nsPerPixel;
		if (end <= spans.starts[0] || start >= LENGTH)
			continue;
		shares.fill(0);
		i = addShares(spans, i, Math.max(start, spans.starts[0]), end, shares);
		shares[0] = 0;
		fillColumn(pixels, image.width, x, phase, image.height, shares,
			nsPerPixel);
	}
}
