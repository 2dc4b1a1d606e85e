package picture

import (
	"image"
	"math"
)

// This file finds ink. A picture is a landscape, dark is low, and it rains: what
// is drawn is a hollow in which water stays, as deep as the ink is dark. Water
// runs out at the border of the picture, and down every slope that light makes.
// So the paper need not be evenly bright, nor need most of the picture be paper.

// noWalls is the height of the walls around a picture that has none.
var noWalls = math.Inf(-1)

// soak returns how much ink is on every pixel of picture v, from 0 to 1, or nil if
// there is none. Ink is deep water; shallow water is the grain of the paper. Behind
// walls as high as the paper, water also stays in a hollow that the border cuts, so that
// a cut digit is found.
func soak(v *plane, walls float64) (ink *plane, full float64) {
	depth := flood(v, walls)
	noise, full := levels(depth.data, grainOf(v))
	if full < 0.08 || full < 2*noise { // too faint to be ink, or too much like the grain
		return nil, 0
	}
	return graded(depth, noise, full), full
}

// paperOf returns how bright the paper is. Three quarters of the pixels are darker.
func paperOf(v *plane) float64 { return quantile(v.data, 0.75) }

// flood returns how deep the water is at each pixel when all hollows of the landscape
// are full, each up to the lowest pass on its way out over the walls. At first the
// water is infinitely high. It falls to its lowest neighbours: to those before it, from
// the upper left on, then to those behind it, from the lower right on, until it stays.
func flood(v *plane, walls float64) *plane {
	level := newPlane(v.rows, v.cols)
	for k := range level.data {
		level.data[k] = math.Inf(1)
	}
	for _, k := range v.border() {
		level.data[k] = max(v.data[k], walls)
	}
	w, changed := v.cols, true
	fall := func(k, step int) { // step is −1 for the four neighbours before pixel k, 1 for those behind it
		l := level.data
		lowest := min(l[k+step], l[k+step*w-1], l[k+step*w], l[k+step*w+1])
		if lowest = max(lowest, v.data[k]); lowest < l[k] {
			l[k], changed = lowest, true
		}
	}
	for changed {
		changed = false
		for i := 1; i < v.rows-1; i++ {
			for k := i*w + 1; k < i*w+w-1; k++ {
				fall(k, -1)
			}
		}
		for i := v.rows - 2; i > 0; i-- {
			for k := i*w + w - 2; k > i*w; k-- {
				fall(k, 1)
			}
		}
	}
	for k, ground := range v.data {
		level.data[k] -= ground
	}
	return level
}

// levels tells paper from ink by the depth of the water. Up to noise it may be the
// grain of the paper; from full on it is all ink. Without water both are 0.
func levels(depth, grain []float64) (noise, full float64) {
	threshold := otsu(depth)
	paper, ink := make([]float64, 0, len(depth)), []float64{} // the grain of the one, the depth of the other
	for k, d := range depth {
		if d > threshold {
			ink = append(ink, d)
		} else {
			paper = append(paper, grain[k])
		}
	}
	if len(ink) == 0 || len(paper) == 0 {
		return 0, 0
	}
	return 3 * quantile(paper, 0.5), quantile(ink, 0.9)
}

// graded returns the ink that makes each depth: none up to noise or a little more, 1
// from full on, in proportion between them.
func graded(depth *plane, noise, full float64) *plane {
	ink := newPlane(depth.rows, depth.cols)
	faint := min(0.1, 0.01+2*noise) // ink that is too little to count
	for k, d := range depth.data {
		if share := (d - noise) / max(full-noise, 0.01); share > faint {
			ink.data[k] = min(1, share)
		}
	}
	return ink
}

// measure returns how much ink is on the pixels where ink has been found, and on those
// close by: the share of the paper's light that the ink takes. So ink in a shadow is
// as dark as ink beside it. The paper under the ink is thought to go evenly from the
// paper on one side of the ink to the paper on the other.
func measure(v, ink *plane) *plane {
	const black = 0.05                       // darker paper counts as this, so that nothing is divided by 0
	reach := max(ink.rows, ink.cols)/100 + 1 // how close, in pixels
	marks := part(thicken(ink, reach), image.Rect(reach, reach, reach+ink.cols, reach+ink.rows))
	down, across := bridged(v, marks), transposed(bridged(transposed(v), transposed(marks)))
	depth, grain := newPlane(ink.rows, ink.cols), grainOf(v)
	var full, rough []float64 // the depth of pixels that are surely ink, the grain of those that are surely paper
	for k, m := range marks.data {
		if m == 0 {
			rough = append(rough, grain[k]/max(v.data[k], black))
			continue
		}
		paper := (down.data[k] + across.data[k]) / 2
		depth.data[k] = (paper - v.data[k]) / max(paper, black)
		if ink.data[k] > half {
			full = append(full, depth.data[k])
		}
	}
	if len(full) == 0 || len(rough) == 0 {
		return ink
	}
	noise, darkest := min(0.2, 3*quantile(rough, 0.5)), quantile(full, 0.9)
	if darkest < 2*noise { // the paper is as rough as the ink is deep: measured, it would be lost
		return ink
	}
	return graded(depth, noise, darkest)
}

// grainOf returns how far each pixel is from the mean of the 3×3 pixels around it.
func grainOf(p *plane) []float64 {
	grain := make([]float64, len(p.data))
	for k, v := range p.data {
		sum, n := 0.0, 0.0
		i, j := k/p.cols, k%p.cols
		for y := max(0, i-1); y <= min(p.rows-1, i+1); y++ {
			for x := max(0, j-1); x <= min(p.cols-1, j+1); x++ {
				sum, n = sum+p.data[y*p.cols+x], n+1
			}
		}
		grain[k] = math.Abs(v - sum/n)
	}
	return grain
}

// otsu returns the threshold that splits values, from 0 to 1, into the two
// classes that differ most: the product of their sizes and of the square of the
// distance between their means is largest (N. Otsu, 1979).
func otsu(values []float64) float64 {
	const bins = 256
	var count [bins]float64 // a histogram: of the values in each bin
	total := 0.0            // of the bins of all values
	for _, v := range values {
		k := min(bins-1, int(v*bins))
		count[k]++
		total += float64(k)
	}
	n := float64(len(values))
	below, sum := 0.0, 0.0 // the size of the lower class, and the total of its bins
	best, threshold := 0.0, 0.0
	for k, c := range count {
		below += c
		sum += c * float64(k)
		if below == 0 || below == n {
			continue
		}
		d := sum/below - (total-sum)/(n-below)
		if between := below * (n - below) * d * d; between > best {
			best, threshold = between, float64(k+1)/bins
		}
	}
	return threshold
}
