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

var errNothing = &Error{Message: "nothing is drawn on it, or too faintly"}

// findDigit returns how much ink of the digit is on every pixel of a picture,
// from 0 to 1, and what had to be done to find it.
func findDigit(colours [3]*plane) (ink *plane, done []string, err error) {
	const sheets = 3 // within each other, at most: a page on a table, photographed, on a white page
	f := find(colours, sheets)
	if f == nil {
		return nil, nil, errNothing
	}
	if err := checkOne(f.ink); err != nil {
		return nil, nil, err
	}
	return f.ink, f.done, nil
}

// A way of looking at a picture is as it is, or inverted.
type way struct {
	picture *plane // in which ink is dark
	done    []string
}

// A finding is ink that may be the digit.
type finding struct {
	way
	ink *plane
	box image.Rectangle // that has all that is more than half ink
	cut bool            // by the border of the picture
}

// find looks for a digit: for one that the border cuts, in a tight crop; then for
// what does not touch the border; and on a sheet, if it finds one, which may lie on
// another, so many in all. It returns nil if there is none.
func find(colours [3]*plane, sheets int) *finding {
	dark, ruled := eraseRuling(flatten(telling(colours)))
	light, chalked := eraseRuling(inverted(dark))
	ways := [2]way{{inverted(light), nil}, {light, []string{"inverted, as it is light on dark"}}}
	best := cropped(ways)
	if best == nil {
		var sheet *finding
		best, sheet = inside(ways)
		if sheet != nil {
			on := findOn(sheet, colours, sheets-1)
			hole := best != nil && sheet.box.In(best.box) && (on == nil || on.cut) // in a 0, which is at its corners
			if !hole {
				return on
			}
		}
	}
	if best == nil {
		return nil
	}
	if ruled || chalked {
		best.done = append(slices.Clone(best.done), "ruling removed")
	}
	best.ink = withoutDust(measure(best.picture, best.ink))
	return best
}

// findOn looks for a digit on a sheet.
func findOn(sheet *finding, colours [3]*plane, sheets int) *finding {
	box := sheet.box.Inset(1 + sheet.box.Dx()/50) // it need not have straight edges
	if sheets < 0 || box.Empty() {
		return nil
	}
	for c, p := range colours {
		colours[c] = part(p, box)
	}
	f := find(colours, sheets)
	if f != nil {
		f.done = append([]string{"border dropped"}, f.done...)
	}
	return f
}

// telling returns the one of red, green and blue that varies most: for ink that
// is as bright as the paper but of another colour.
func telling(colours [3]*plane) (best *plane) {
	most := -1.0
	for _, p := range colours {
		mean, squares := 0.0, 0.0
		for _, v := range p.data {
			mean += v / float64(len(p.data))
			squares += v * v / float64(len(p.data))
		}
		if variance := squares - mean*mean; variance > most+1e-12 { // the first, if all are alike
			most, best = variance, p
		}
	}
	return best
}

// cropped returns a digit that the border touches, if there is one. If the
// picture can be seen so both ways, its border is rather paper than ink.
func cropped(ways [2]way) (best *finding) {
	least := math.Inf(1)
	for _, w := range ways {
		ink := soak(w.picture, true)
		if ink == nil || !crosses(ink) || stays(w.picture, ink) {
			continue
		}
		onBorder := 0.0
		border(ink, func(k int) { onBorder += ink.data[k] })
		if onBorder < least {
			least, best = onBorder, &finding{w, ink, boxOf(solid(ink, 0.5)), true}
		}
	}
	return best
}

// stays reports whether water finds ink without walls, too, and nothing as dark
// touches the border: only ruling, a shadow, the faint end of a stroke.
func stays(v, with *plane) bool {
	without := soak(v, false)
	if without == nil {
		return false
	}
	sum, n := 0.0, 0.0 // of the ink
	for k, ink := range without.data {
		if ink > 0.5 {
			sum, n = sum+v.data[k], n+1
		}
	}
	ink, paper := sum/max(n, 1), quantile(v.data, 0.75)
	dark := false
	border(with, func(k int) { dark = dark || with.data[k] > 0.5 && v.data[k] < ink+(paper-ink)/4 })
	return !dark
}

// inside returns what is drawn and does not touch the border, and a sheet that it
// may be on. Each may be nil.
func inside(ways [2]way) (best, sheet *finding) {
	for _, w := range ways {
		ink := soak(w.picture, false)
		if ink == nil {
			continue
		}
		clean := withoutDust(ink)
		f := &finding{w, ink, boxOf(solid(clean, 0.5)), false}
		switch {
		case max(f.box.Dx(), f.box.Dy()) < max(ink.rows, ink.cols)/20: // specks, the grain of the paper
		case f.isSheet():
			sheet = f
		case !sharp(clean): // light
		case best == nil, area(f.box) > area(best.box):
			best = f // the largest: in a 0 there is a hole, which is lighter than what is around it
		}
	}
	return best, sheet
}

func area(box image.Rectangle) int { return box.Dx() * box.Dy() }

// isSheet reports whether this is no digit, but what a digit may be on, a sheet
// of paper on a table or a photograph with a white border: it is large, has few
// holes, and is not as narrow as a 1. The ink on a photograph is darker than it.
func (f *finding) isSheet() bool {
	n, w, h := 0, f.box.Dx(), f.box.Dy()
	for _, v := range solid(f.ink, 0.25).data {
		n += int(v)
	}
	return n*100 > len(f.ink.data)*35 && n*10 > w*h*6 && w < 2*h && h < 2*w
}

// soak returns how much ink is on every pixel, from 0 to 1, or nil if there is
// none: how deep the water is, but for what the grain of the paper makes. The
// water drains at the border, unless there are walls, as high as the paper; then
// what touches the border counts, too.
func soak(v *plane, walls bool) *plane {
	outside := math.Inf(-1)
	if walls {
		outside = quantile(v.data, 0.75)
	}
	depth, grain := flood(v, outside), grain(v)
	for k, level := range depth.data {
		depth.data[k] = level - v.data[k]
	}
	noise, full := levels(depth.data, grain)
	if full < 0.08 || full < 2*noise {
		return nil
	}
	return graded(depth, noise, full)
}

// graded returns the ink of a depth: none up to noise or a little more, 1 from full on.
func graded(depth *plane, noise, full float64) *plane {
	ink := newPlane(depth.rows, depth.cols)
	faint := min(0.1, 0.01+2*noise)
	for k, d := range depth.data {
		if share := (d - noise) / max(full-noise, 0.01); share > faint {
			ink.data[k] = min(1, share)
		}
	}
	return ink
}

// levels tells paper from ink by the depth of the water: up to noise it may be the
// grain of the paper, at full it is all ink. Without water both are 0.
func levels(depth, grain []float64) (noise, full float64) {
	threshold := otsu(depth)
	var paper, ink []float64 // the grain of the paper, the depth of the ink
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

// grain returns how far each pixel is from the mean of the nine around it.
func grain(p *plane) []float64 {
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

// quantile returns the number that a share q of the values, of which there must be
// some, are less than. It parts them into smaller and larger ones, as quicksort does,
// but goes on only with those among which the number is (C. A. R. Hoare, 1961).
func quantile(values []float64, q float64) float64 {
	v := slices.Clone(values)
	k := min(int(q*float64(len(v))), len(v)-1)
	for {
		i, j, pivot := 0, len(v)-1, v[len(v)/2]
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i, j = i+1, j-1
			}
		}
		switch { // v[:j+1] are pivot or less, v[i:] pivot or more, and what is between is pivot
		case k <= j:
			v = v[:j+1]
		case k >= i:
			v, k = v[i:], k-i
		default:
			return pivot
		}
	}
}

// flood returns how high the water is at each pixel of a landscape when all its
// hollows are full: as high as the lowest pass on the way to the border. Around
// the picture it is as high as outside. The water is everywhere at first, and
// falls, in turns from the upper left to the lower right and back, until it stays.
func flood(v *plane, outside float64) *plane {
	level := newPlane(v.rows, v.cols)
	for k := range level.data {
		level.data[k] = math.Inf(1)
	}
	border(v, func(k int) { level.data[k] = max(v.data[k], outside) })
	w, changed := v.cols, true
	fall := func(k, step int) { // to the lowest neighbour on one side, or the ground
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
	return level
}

// crosses reports whether the border cuts the digit: the largest component
// touches it, but does not lie along it as a shadow, a finger or a table does,
// and all that is sizeable touches it.
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
	wet = only(wet, func(n int, _ component) bool { return n == largest })
	onBorder, n := 0.0, 0.0
	border(ink, func(k int) { onBorder, n = onBorder+ink.data[k], n+1 })
	return onBorder < 0.5*n && contact(wet) < 0.36 && sharp(ink)
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

// sharp reports whether the ink has edges, as what is drawn has, on most of its
// left and right sides. A shadow or the light of a lamp has none, only what is drawn in it.
func sharp(ink *plane) bool {
	reach := max(ink.rows, ink.cols)/16 + 1
	edges, steep := 0, 0
	for i := range ink.rows {
		row := ink.row(i)
		for j := 1; j < ink.cols; j++ {
			a, b := row[j-1] > 0.5, row[j] > 0.5
			if a == b {
				continue
			}
			edges++
			beyond := row[j:min(j+reach, ink.cols)] // on the side of the paper
			if b {
				beyond = row[max(j-reach, 0):j]
			}
			if slices.Min(beyond) < 0.25 {
				steep++
			}
		}
	}
	return steep*3 > 2*edges
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

// inverted returns the negative of a picture.
func inverted(p *plane) *plane {
	negative := newPlane(p.rows, p.cols)
	for k, v := range p.data {
		negative.data[k] = 1 - v
	}
	return negative
}

// part returns the part of a picture that is in the box.
func part(p *plane, box image.Rectangle) *plane {
	inside := newPlane(box.Dy(), box.Dx())
	for i := range box.Dy() {
		copy(inside.row(i), p.row(box.Min.Y + i)[box.Min.X:])
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
