package picture

import (
	"image"
	"math"
	"slices"
)

// This file searches for the digit. A picture may be dark on light or light on
// dark. The digit may be cut by the border, as in a tight crop, or have paper on
// all sides, or be on a sheet (sheet.go). How ink is found is in ink.go.

var errNothing = &Error{Message: "nothing is drawn on it, or too faintly"}

const (
	half       = 0.5 // where a pixel either is ink or is not, it is if it has more ink than this
	mostSheets = 3   // on each other: a photo on a page on a table makes two
)

// A reading is what find has made of a picture.
type reading struct {
	ink    *plane   // the digit; nil if there is none
	cut    bool     // whether the border of the picture cuts the digit
	done   []string // what was done to the picture, as in Digit
	spared bool     // whether lines were left in it that may be strokes
}

// find looks for a digit. If there is a sheet of paper in the picture, it looks on the
// sheet, on which there may be another one, and so on, down to as many as sheets
// says. Long thin lines are erased: all of them, or, if sparing, only ruling that cannot
// be a stroke of the digit that is found without them.
func find(colours [3]*plane, sheets int, sparing bool) (r reading) {
	picture := flatten(mostVaried(colours))
	lines := findRuling(picture)
	erased := lines.erased()
	for n, ways := range [2][2]*plane{{picture, inverted(picture)}, erased} {
		if n == 0 && lines.count() == 0 {
			continue // both are the same
		}
		if sheet := findSheet(ways); !sheet.Empty() && sheets > 0 {
			r := findOn(sheet, colours, sheets, sparing)
			if r.ink != nil && !r.cut { // a cut one is a 0 around the sheet, its hole
				return r
			}
		}
	}
	digit := findDigit(erased)
	if ruling := lines.certain(digit); sparing && ruling.count() < lines.count() {
		r.spared, lines = true, ruling
		digit = findDigit(lines.erased())
	}
	if digit == nil {
		return r
	}
	r.cut = digit.cut
	if digit.light {
		r.done = append(r.done, "inverted, as it is light on dark")
	}
	if lines.count() > 0 {
		r.done = append(r.done, "ruling removed")
	}
	r.ink = withoutPale(withoutDust(measure(digit.picture, digit.ink)))
	return r
}

// mostVaried returns the one of red, green and blue that varies most, as ink may be
// as bright as the paper, and have only another colour.
func mostVaried(colours [3]*plane) (best *plane) {
	most := -1.0
	for _, p := range colours {
		mean, squares := 0.0, 0.0
		for _, v := range p.data {
			mean += v / float64(len(p.data))
			squares += v * v / float64(len(p.data))
		}
		if variance := squares - mean*mean; variance > most+1e-12 { // the first, if all vary alike
			most, best = variance, p
		}
	}
	return best
}

// A finding is ink that may be the digit.
type finding struct {
	picture *plane          // in which the ink is dark
	light   bool            // whether that is the negative: the digit is light on dark
	ink     *plane          // all that has been found, dust, too
	cut     bool            // whether the border of the picture cuts it
	depth   float64         // how much darker the ink is than what is around it
	box     image.Rectangle // the smallest that has all pixels that are more than half ink, but dust and specks
}

// findDigit returns a digit that the border of the picture cuts, or else one that does not
// touch it. If there is none, it returns nil.
func findDigit(ways [2]*plane) *finding {
	if digit := findCut(ways); digit != nil {
		return digit
	}
	return findWhole(ways)
}

// findInk returns all ink in the way with number n, or nil.
func findInk(ways [2]*plane, n int, walls float64) *finding {
	ink, depth := soak(ways[n], walls)
	if ink == nil {
		return nil
	}
	f := &finding{picture: ways[n], light: n == 1, ink: ink, depth: depth}
	_, list := components(mask(withoutDust(ink), half))
	for _, c := range list {
		if max(c.box.Dx(), c.box.Dy())*20 >= max(ink.rows, ink.cols) { // else it is a speck, of grain or of an erased line
			f.box = f.box.Union(c.box)
		}
	}
	return f
}

// findCut returns a digit that the border cuts, or nil. If both ways show one, it
// takes the one with less ink on the border, as the border is rather paper.
func findCut(ways [2]*plane) (best *finding) {
	least := math.Inf(1) // ink on the border
	for n, v := range ways {
		f := findInk(ways, n, paperOf(v))
		if f == nil || !isCut(f.ink) || isWhole(v, f.ink) {
			continue
		}
		if sum := inkOnBorder(f.ink); sum < least {
			least, best, f.cut = sum, f, true
		}
	}
	return best
}

// inkOnBorder returns how much ink is on the pixels of the border, in all.
func inkOnBorder(ink *plane) (sum float64) {
	for _, k := range ink.border() {
		sum += ink.data[k]
	}
	return sum
}

// isCut reports whether the border cuts the digit. Then the largest component of the
// ink touches the border, and so does each other that is sizeable. A shadow, a finger
// or a table touches it, too, but lies along it, or has no edges.
func isCut(ink *plane) bool {
	const (
		mostOfBox     = 0.7  // that its component fills; a finger fills more
		sizeable      = 0.3  // of the mass of the largest component
		mostOfBorder  = 0.5  // that is ink
		mostOfOutline = 0.36 // that is on the border: the ends of strokes, not a side
	)
	inked := mask(ink, 0.2) // the ends of a digit may be soft
	label, list := components(inked)
	largest := 0
	for n, c := range list {
		if c.mass > list[largest].mass {
			largest = n
		}
	}
	c := list[largest]
	inner := image.Rect(0, 0, ink.cols, ink.rows).Inset(1)          // all but the border
	isStrip := c.box.Dx()*20 < ink.cols || c.box.Dy()*20 < ink.rows // of ruling, or of a shadow
	if c.box.In(inner) || isStrip || c.mass > mostOfBox*float64(area(c.box)) {
		return false
	}
	for _, other := range list {
		if other.box.In(inner) && other.mass > sizeable*c.mass {
			return false
		}
	}
	digit := only(inked, label, func(n int) bool { return n == largest })
	return inkOnBorder(ink) < mostOfBorder*float64(len(ink.border())) &&
		contact(digit) < mostOfOutline && hasEdges(ink)
}

// contact returns the share of the ink's outline that is on the border. The outline
// is every side of a pixel with ink that has no ink beyond it.
func contact(ink *plane) float64 {
	outline, onBorder := 0, 0
	for k, v := range ink.data {
		i, j := k/ink.cols, k%ink.cols
		for _, next := range [4]image.Point{{j - 1, i}, {j + 1, i}, {j, i - 1}, {j, i + 1}} {
			if v > half && ink.at(next.Y, next.X) <= half {
				outline++
				if !next.In(image.Rect(0, 0, ink.cols, ink.rows)) {
					onBorder++
				}
			}
		}
	}
	return float64(onBorder) / float64(max(outline, 1))
}

// isWhole reports whether the digit in picture v is whole, though ink that soak has
// found with walls touches the border. Then soak finds ink without walls, too, and
// what touches is much lighter: ruling, a shadow, the faint end of a stroke.
func isWhole(v, walled *plane) bool {
	unwalled, _ := soak(v, noWalls)
	if unwalled == nil {
		return false
	}
	sum, n := 0.0, 0.0 // the brightness of all pixels that are ink, and how many they are
	for k, ink := range unwalled.data {
		if ink > half {
			sum, n = sum+v.data[k], n+1
		}
	}
	ink, paper := sum/max(n, 1), paperOf(v)
	for _, k := range v.border() {
		if walled.data[k] > half && v.data[k] < ink+(paper-ink)/4 {
			return false
		}
	}
	return true
}

// findWhole returns the digit that does not touch the border of the picture, or nil.
func findWhole(ways [2]*plane) (digit *finding) {
	for n := range ways {
		f := findInk(ways, n, noWalls)
		switch {
		case f == nil, f.box.Empty(): // specks, the grain of the paper
		case f.isSheet():
		case !hasEdges(withoutDust(f.ink)): // light
		case digit == nil || f.isBetter(digit):
			digit = f
		}
	}
	return digit
}

// isBetter reports whether f is rather the digit than g, which is the ink in the other
// way of looking. The hole of a 0 is ink in the other way, so the outer of two is the
// digit. If none is in the other, it is the deeper one.
func (f *finding) isBetter(g *finding) bool {
	switch {
	case f.box.In(g.box):
		return false
	case g.box.In(f.box):
		return true
	}
	return f.depth > g.depth
}

// hasEdges reports whether the ink ends at an edge, as what is drawn does, on most
// of its left and right sides. A shadow, or the light of a lamp, fades slowly.
func hasEdges(ink *plane) bool {
	reach := max(ink.rows, ink.cols)/16 + 1 // how wide an edge may be, in pixels
	sides, edges := 0, 0
	for i := range ink.rows {
		row := ink.row(i)
		for j := 1; j < ink.cols; j++ {
			left, right := row[j-1] > half, row[j] > half
			if left == right { // both are ink, or none
				continue
			}
			beyond := row[j:min(j+reach, ink.cols)] // the edge, away from the ink
			if right {
				beyond = row[max(j-reach, 0):j]
			}
			sides++
			if slices.Min(beyond) < 0.25 { // it is paper
				edges++
			}
		}
	}
	return edges*3 > 2*sides
}
