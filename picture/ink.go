package picture

import (
	"image"
	"math"
	"slices"
)

// This file has how the ink is found. A picture is a landscape, dark is low, and
// it rains: what is drawn is a hollow in which water stays, as deep as the ink is
// dark. What reaches the border of the picture, and every slope that light makes,
// drains. So neither need the paper be even, nor most of the picture be paper.

// findDigit returns how much ink of the digit is on every pixel of a picture,
// from 0 to 1, and what had to be done to find it.
func findDigit(colours [3]*plane) (ink *plane, done []string, err error) {
	const sheets = 3 // within each other, at most: a page on a table, photographed, on a white page
	f := find(colours, sheets)
	if f == nil {
		return nil, nil, &Error{Message: "nothing is drawn on it, or too faintly"}
	}
	if err := checkOne(f.ink); err != nil {
		return nil, nil, err
	}
	return f.ink, f.done, nil
}

// A finding is ink that may be the digit.
type finding struct {
	ink  *plane
	box  image.Rectangle // that has all that is more than half ink
	done []string
}

// find looks for a digit: for one that the border cuts, or nearly, in tight
// crops; then for what does not touch the border; and on a sheet, if that is
// what it finds, which may lie on another, so many in all. It returns nil if
// there is none.
func find(colours [3]*plane, sheets int) *finding {
	dark, ruled := eraseRuling(colours)
	light, chalked := eraseRuling(inverted(dark))
	ways := [2]way{{colours: inverted(light)}, {colours: light, done: []string{"inverted, as it is light on dark"}}}
	best := cropped(ways)
	if best == nil {
		best = inside(ways, sheets)
	}
	if best != nil && (ruled || chalked) {
		best.done = append(best.done, "ruling removed")
	}
	return best
}

// A way of looking at a picture is as it is, or inverted.
type way struct {
	colours [3]*plane // in which ink is dark
	done    []string
}

// cropped returns a digit that the border touches, if there is one. If the
// picture can be seen so both ways, its border is rather paper than ink.
func cropped(ways [2]way) (best *finding) {
	least := math.Inf(1)
	for _, w := range ways {
		ink := soak(w.colours, true)
		if ink == nil || !crosses(ink) {
			continue
		}
		removeDust(ink)
		onBorder := 0.0
		border(ink, func(k int) { onBorder += ink.data[k] })
		if onBorder < least {
			least, best = onBorder, &finding{ink, boxOf(solid(ink, 0.5)), w.done}
		}
	}
	return best
}

// inside returns what is drawn and does not touch the border: what is largest,
// as in a 0 there is a hole, which is lighter than what is around it.
func inside(ways [2]way, sheets int) (best *finding) {
	for _, w := range ways {
		ink := soak(w.colours, false)
		if ink == nil {
			continue
		}
		removeDust(ink)
		f := &finding{ink, boxOf(solid(ink, 0.5)), w.done}
		switch {
		case max(f.box.Dx(), f.box.Dy()) < max(ink.rows, ink.cols)/20: // specks, the grain of the paper
		case f.isSheet():
			if sheets == 0 {
				continue
			}
			margin := 1 + f.box.Dx()/50 // the sheet need not have straight edges
			if onIt := find(part(ways[0].colours, f.box.Inset(margin)), sheets-1); onIt != nil {
				onIt.done = append([]string{"border dropped"}, onIt.done...)
				return onIt
			}
		case sharp(ink) && (best == nil || f.box.Dx()*f.box.Dy() > best.box.Dx()*best.box.Dy()):
			best = f
		}
	}
	return best
}

// isSheet reports whether this is no digit, but what a digit may be on, a sheet
// of paper on a table or a photograph with a white border: it is large, and not
// as narrow as a 1.
func (f *finding) isSheet() bool {
	n, w, h := 0, f.box.Dx(), f.box.Dy()
	for _, v := range f.ink.data {
		if v > 0 {
			n++
		}
	}
	return n > len(f.ink.data)*3/10 && n > w*h/2 && w < 2*h && h < 2*w
}

// soak returns how much ink is on every pixel, from 0 to 1, or nil if there is
// none: how deep the water is, but for what the grain of the paper makes. The
// water drains at the border, unless there are walls, as high as the paper; then
// what touches the border counts, too.
func soak(colours [3]*plane, walls bool) *plane {
	depth, noise := newPlane(colours[0].rows, colours[0].cols), 0.0
	for c, v := range colours {
		if c > 0 && slices.Equal(v.data, colours[c-1].data) {
			continue // a grey picture
		}
		outside := 0.0
		if walls {
			outside = quantile(v.data, 0.95)
		}
		for k, level := range flood(v, outside).data {
			depth.data[k] = max(depth.data[k], level-v.data[k])
		}
		noise = max(noise, 2*grain(v))
	}
	threshold, ink := otsu(depth.data), []float64{}
	for _, d := range depth.data {
		if d > threshold {
			ink = append(ink, d)
		}
	}
	if len(ink) == 0 {
		return nil
	}
	full := quantile(ink, 0.9)
	if full < 0.08 || full < 2*noise {
		return nil
	}
	faint := min(0.1, 0.01+2*noise)
	for k, d := range depth.data {
		depth.data[k] = min(1, max(0, (d-noise)/(full-noise)))
		if depth.data[k] <= faint {
			depth.data[k] = 0
		}
	}
	return depth
}

// flood returns how high the water is at each pixel of a landscape when all its
// hollows are full: as high as the lowest pass on the way to the border. Around
// the picture it is as high as outside. The water is everywhere at first, and
// falls, in turns from the upper left to the lower right and back, until it stays.
func flood(v *plane, outside float64) *plane {
	level := newPlane(v.rows, v.cols)
	for k := range level.data {
		level.data[k] = 1
	}
	border(v, func(k int) { level.data[k] = max(v.data[k], outside) })
	changed := true
	relax := func(k, i, j int) {
		if i < 0 || i >= v.rows || j < 0 || j >= v.cols {
			return
		}
		if l := max(v.data[k], level.data[i*v.cols+j]); l < level.data[k] {
			level.data[k], changed = l, true
		}
	}
	for changed {
		changed = false
		for k := range level.data {
			if level.data[k] > v.data[k] {
				i, j := k/v.cols, k%v.cols
				relax(k, i, j-1)
				relax(k, i-1, j-1)
				relax(k, i-1, j)
				relax(k, i-1, j+1)
			}
		}
		for k := len(level.data) - 1; k >= 0; k-- {
			if level.data[k] > v.data[k] {
				i, j := k/v.cols, k%v.cols
				relax(k, i, j+1)
				relax(k, i+1, j-1)
				relax(k, i+1, j)
				relax(k, i+1, j+1)
			}
		}
	}
	return level
}

// grain returns the standard deviation of the noise in a picture. It is taken from
// how much a pixel differs from the mean of its neighbours to the left and right
// where that is little, for elsewhere there is ink: the lower quartile, which of
// normal noise is 0.319 standard deviations.
func grain(v *plane) float64 {
	var second []float64 // differences, whose variance is 1 + 4 + 1 times that of the noise
	for i := range v.rows {
		row := v.row(i)
		for j := 1; j+1 < len(row); j++ {
			second = append(second, math.Abs(row[j-1]-2*row[j]+row[j+1]))
		}
	}
	if len(second) == 0 {
		return 0
	}
	return quantile(second, 0.25) / 0.319 / math.Sqrt(6)
}

// quantile returns the number that so much, from 0 to 1, of the values are less than.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// crosses reports whether the border cuts the digit: the largest component
// touches it, but does not lie along it as a shadow, a finger or a table does,
// and nothing sizeable does not touch it.
func crosses(ink *plane) bool {
	wet := solid(ink, 0.2) // the ends of a digit may be soft
	label, list := components(wet)
	largest, touching := 0, make([]bool, len(list))
	border(wet, func(k int) { touching[label[k]] = true })
	for n, c := range list {
		if c.mass > list[largest].mass {
			largest = n
		}
	}
	c := list[largest]
	if !touching[largest] || c.mass == 0 || c.mass > 0.7*float64(c.box.Dx()*c.box.Dy()) {
		return false
	}
	for n, other := range list {
		if !touching[n] && other.mass > 0.3*c.mass {
			return false
		}
	}
	keep(wet, func(n int, _ component) bool { return n == largest })
	return contact(wet) < 0.25 && sharp(ink)
}

// contact returns how much of the outline of the ink is on the border, from 0 to 1.
func contact(ink *plane) float64 {
	along, outline := 0, 0
	at := func(i, j int) bool {
		return i >= 0 && i < ink.rows && j >= 0 && j < ink.cols && ink.data[i*ink.cols+j] > 0.5
	}
	for i := -1; i < ink.rows; i++ {
		for j := -1; j < ink.cols; j++ {
			for _, q := range [2]image.Point{{j + 1, i}, {j, i + 1}} {
				if at(i, j) != at(q.Y, q.X) {
					outline++
					if i < 0 || j < 0 || q.Y == ink.rows || q.X == ink.cols {
						along++
					}
				}
			}
		}
	}
	return float64(along) / float64(max(outline, 1))
}

// border calls f for every pixel on the border of p.
func border(p *plane, f func(k int)) {
	for j := range p.cols {
		f(j)
		f((p.rows-1)*p.cols + j)
	}
	for i := range p.rows {
		f(i * p.cols)
		f((i+1)*p.cols - 1)
	}
}

// sharp reports whether the ink has edges, as what is drawn has. A shadow or the
// light of a lamp has none.
func sharp(ink *plane) bool {
	r := max(ink.rows, ink.cols)/20 + 1
	edge, steep := 0, 0
	for i := range ink.rows {
		for j := 1; j < ink.cols; j++ {
			a, b := ink.row(i)[j-1], ink.row(i)[j]
			if (a > 0.5) == (b > 0.5) {
				continue
			}
			edge++
			k := min(j-1+r, ink.cols-1)
			if a > b && ink.row(i)[k] < 0.25 || a < b && ink.row(i)[max(j-r, 0)] < 0.25 {
				steep++
			}
		}
	}
	return steep*2 > edge
}

// solid is 1 where there is more ink than least, and 0 elsewhere.
func solid(ink *plane, least float64) *plane {
	s := newPlane(ink.rows, ink.cols)
	for k, v := range ink.data {
		if v > least {
			s.data[k] = 1
		}
	}
	return s
}

// inverted returns the colours of a negative.
func inverted(colours [3]*plane) (negative [3]*plane) {
	for c, p := range colours {
		negative[c] = newPlane(p.rows, p.cols)
		for k, v := range p.data {
			negative[c].data[k] = 1 - v
		}
	}
	return negative
}

// part returns the part of a picture that is in the box.
func part(colours [3]*plane, box image.Rectangle) (inside [3]*plane) {
	for c, p := range colours {
		inside[c] = newPlane(box.Dy(), box.Dx())
		for i := range box.Dy() {
			copy(inside[c].row(i), p.row(box.Min.Y + i)[box.Min.X:])
		}
	}
	return inside
}

// boxOf returns the smallest rectangle that has all the ink.
func boxOf(ink *plane) (box image.Rectangle) {
	for k, v := range ink.data {
		if v > 0 {
			box = box.Union(image.Rect(k%ink.cols, k/ink.cols, k%ink.cols+1, k/ink.cols+1))
		}
	}
	return box
}

// otsu returns the threshold that splits values, from 0 to 1, into the two
// classes that differ most: the product of their sizes and of the square of the
// distance between their means is largest (N. Otsu, 1979).
func otsu(values []float64) float64 {
	const bins = 256
	var count [bins]float64 // a histogram
	total := 0.0            // of the bins of all values
	for _, v := range values {
		k := min(bins-1, int(v*bins))
		count[k]++
		total += float64(k)
	}
	n := float64(len(values))
	below, sum := 0.0, 0.0 // of the lower class: its size, and the total of its bins
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
