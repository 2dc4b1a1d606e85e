package picture

import (
	"image"
	"math"
	"slices"
)

// This file has how the ink is found.

var errBlank = &Error{Message: "nothing is drawn on it, or too faintly"}

// findDigit returns how much ink of the digit is on every pixel of a picture,
// from 0 to 1, and what had to be done to find it.
func findDigit(colours [3]*plane) (ink *plane, done []string, err error) {
	f := find(colours, 3)
	if f == nil {
		return nil, nil, errBlank
	}
	if err := checkOne(f.ink); err != nil {
		return nil, nil, err
	}
	return f.ink, f.done, nil
}

// A finding is ink that may be the digit.
type finding struct {
	ink  *plane
	box  image.Rectangle // that has all of it
	done []string
}

// find looks for a digit in a picture: for dark ink, and for light, and if what
// it finds is a sheet of paper, for a digit on that, so many times.
func find(colours [3]*plane, depth int) *finding {
	var found []*finding
	dark, _ := eraseRuling(colours)
	light, _ := eraseRuling(inverted(dark))
	dark = inverted(light)
	for _, crossing := range []func(*plane) bool{spans, nil} {
		if crossing != nil {
			for n, c := range [][3]*plane{dark, light} {
				ink := soak(c, true)
				if ink == nil {
					continue
				}
				removeDust(ink)
				if crossing(ink) {
					found = append(found, &finding{ink: ink, done: polarity(n)})
				}
			}
		}
	}
	if len(found) > 0 {
		return slices.MinFunc(found, func(a, b *finding) int { return int(share(a.ink)*1e6) - int(share(b.ink)*1e6) })
	}
	for n, c := range [][3]*plane{dark, light} {
		if ink := soak(c, false); ink != nil {
			removeDust(ink)
			if f := (&finding{ink: ink, box: boxOfInk(solid(ink)), done: polarity(n)}); f.isSizeable() && (f.isSheet() || sharp(ink)) {
				found = append(found, f)
			}
		}
	}
	var best *finding
	for _, f := range found {
		if f.isSheet() {
			if depth > 0 {
				box := f.box.Inset(1 + f.box.Dx()/50)
				if inner := find(cut(dark, box), depth-1); inner != nil {
					inner.done = append(inner.done, "border dropped")
					return inner
				}
			}
			continue
		}
		if best == nil || f.box.Dx()*f.box.Dy() > best.box.Dx()*best.box.Dy() {
			best = f
		}
	}
	return best
}

func polarity(n int) []string {
	if n == 1 {
		return []string{"light on dark, inverted"}
	}
	return nil
}

// isSizeable: speckles and the grain of paper are not.
func (f *finding) isSizeable() bool {
	return max(f.box.Dx(), f.box.Dy()) >= max(f.ink.rows, f.ink.cols)/20
}

func (f *finding) isSheet() bool {
	n := 0
	for _, v := range f.ink.data {
		if v > 0 {
			n++
		}
	}
	return n > len(f.ink.data)*3/10 && n > f.box.Dx()*f.box.Dy()/2 && f.box.Dx() < 2*f.box.Dy() && f.box.Dy() < 2*f.box.Dx()
}

func inverted(colours [3]*plane) (inverse [3]*plane) {
	for c, p := range colours {
		inverse[c] = newPlane(p.rows, p.cols)
		for k, v := range p.data {
			inverse[c].data[k] = 1 - v
		}
	}
	return inverse
}

// cut returns the part of a picture that is in the box.
func cut(colours [3]*plane, box image.Rectangle) (part [3]*plane) {
	for c, p := range colours {
		part[c] = newPlane(box.Dy(), box.Dx())
		for i := range box.Dy() {
			copy(part[c].row(i), p.row(box.Min.Y + i)[box.Min.X:])
		}
	}
	return part
}

// boxOfInk returns the smallest rectangle that has all the ink.
func boxOfInk(ink *plane) (box image.Rectangle) {
	_, list := components(ink)
	for _, c := range list {
		box = box.Union(c.box)
	}
	return box
}

// spans: cropped tightly
func spans(ink *plane) bool {
	solid := newPlane(ink.rows, ink.cols)
	for k, v := range ink.data {
		if v > 0.5 {
			solid.data[k] = 1
		}
	}
	label, list := components(solid)
	best := 0
	for n, c := range list {
		if c.mass > list[best].mass {
			best = n
		}
	}
	for k, n := range label {
		if n != best {
			solid.data[k] = 0
		}
	}
	near := max(ink.rows, ink.cols)/30 + 1
	if !image.Rect(near, near, ink.cols-near, ink.rows-near).In(list[best].box) || list[best].box.Empty() {
		return false
	}
	if list[best].mass > 0.7*float64(list[best].box.Dx()*list[best].box.Dy()) {
		return false
	}
	return contact(cut([3]*plane{solid, solid, solid}, list[best].box)[0]) < 0.3 && sharp(ink)
}

// solid is 1 where there is more than half the ink.
func solid(ink *plane) *plane {
	s := newPlane(ink.rows, ink.cols)
	for k, v := range ink.data {
		if v > 0.5 {
			s.data[k] = 1
		}
	}
	return s
}

func share(ink *plane) float64 {
	sum := 0.0
	border(ink, func(k int) { sum += ink.data[k] })
	return sum / float64(2*(ink.rows+ink.cols))
}

// contact is how much of the outline lies along the border
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

// soak returns how much ink is on every pixel
func soak(colours [3]*plane, walled bool) *plane {
	depth := newPlane(colours[0].rows, colours[0].cols)
	noise := 0.0
	for c, v := range colours {
		if c > 0 && slices.Equal(v.data, colours[c-1].data) {
			continue
		}
		outside := 0.0
		if walled {
			outside = quantile(v.data, 0.95)
		}
		level := flood(v, outside)
		for k, h := range level.data {
			depth.data[k] = max(depth.data[k], h-v.data[k])
		}
		noise = max(noise, 2*grain(v))
	}
	threshold := otsu(depth.data)
	var ink []float64
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

func quantile(values []float64, q float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[int(q*float64(len(sorted)-1))]
}

// grain: deviation of noise
func grain(v *plane) float64 {
	var second []float64
	for i := range v.rows {
		row := v.row(i)
		for j := 1; j+1 < len(row); j++ {
			second = append(second, math.Abs(row[j-1]-2*row[j]+row[j+1]))
		}
	}
	if len(second) == 0 {
		return 0
	}
	return quantile(second, 0.25) / math.Sqrt(6) / 0.319
}

// flood fills the hollows of a landscape
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

// sharp: ink has an edge, a shadow or the light of a lamp has none
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
