package picture

import (
	"image"
	"math"
	"slices"
)

// This file searches for the digit. A picture may be dark on light or light on
// dark. The digit may be cut by the border, as in a tight crop, or have paper on
// all sides, or be on a sheet that lies on a table. How ink is found is in ink.go.

var errNothing = &Error{Message: "nothing is drawn on it, or too faintly"}

const (
	half       = 0.5 // where a pixel either is ink or is not, it is if it has more ink than this
	mostSheets = 3   // on each other: a photo on a page on a table makes two
)

// A finding is ink that may be the digit.
type finding struct {
	picture *plane // in which the ink is dark
	ink     *plane
	box     image.Rectangle // the smallest that has all pixels that are more than half ink, if it is not cut
	cut     bool            // whether the border of the picture cuts it
	done    []string        // what was done to the picture, as in Digit
}

// find looks for a digit that the border of the picture cuts, then for one that
// does not touch the border. If it finds a sheet of paper, it looks for both on the
// sheet, on which there may be another one, and so on, down to as many as sheets
// says. It returns nil if there is no digit.
func find(colours [3]*plane, sheets int) *finding {
	positive, darkLines := eraseRuling(flatten(mostVaried(colours)))
	negative, lightLines := eraseRuling(inverted(positive))
	ways := [2]*plane{inverted(negative), negative} // of looking at the picture
	var sheet *finding
	best := findCut(ways)
	if best == nil {
		best, sheet = findWhole(ways)
	}
	if sheet != nil {
		onSheet := findOn(sheet, colours, sheets)
		if !isHole(sheet, best, onSheet) {
			return onSheet
		}
	}
	if best == nil {
		return nil
	}
	if best.picture == negative {
		best.done = append(best.done, "inverted, as it is light on dark")
	}
	if darkLines || lightLines {
		best.done = append(best.done, "ruling removed")
	}
	best.ink = withoutDust(measure(best.picture, best.ink))
	return best
}

// findOn looks for a digit on a sheet. sheets is how many there may be still.
func findOn(sheet *finding, colours [3]*plane, sheets int) *finding {
	box := sheet.box.Inset(1 + sheet.box.Dx()/50) // as the sheet need not have straight edges
	if sheets == 0 || box.Empty() {
		return nil
	}
	for c, p := range colours {
		colours[c] = part(p, box)
	}
	f := find(colours, sheets-1)
	if f != nil {
		f.done = append([]string{"border dropped"}, f.done...)
	}
	return f
}

// isHole reports whether the sheet is really the hole of the digit, a large 0. Then
// it lies in the digit's box, and nothing is on it, or only the parts of the 0 that
// are in the corners of the sheet's box, whose border cuts them.
func isHole(sheet, digit, onSheet *finding) bool {
	return digit != nil && sheet.box.In(digit.box) && (onSheet == nil || onSheet.cut)
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

// findCut returns a digit that the border cuts, or nil. If both ways show one, it
// takes the one with less ink on the border, as the border is rather paper.
func findCut(ways [2]*plane) (best *finding) {
	least := math.Inf(1) // ink on the border
	for _, v := range ways {
		ink := soak(v, paperOf(v))
		if ink == nil || !isCut(ink) || isWhole(v, ink) {
			continue
		}
		if sum := inkOnBorder(ink); sum < least {
			least, best = sum, &finding{picture: v, ink: ink, cut: true}
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
	inner := image.Rect(0, 0, ink.cols, ink.rows).Inset(1) // all but the border
	if c.box.In(inner) || c.mass > mostOfBox*float64(c.box.Dx()*c.box.Dy()) {
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
	unwalled := soak(v, noWalls)
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

// findWhole returns the digit that is in the picture and does not touch its border,
// and the sheet that the digit may be on. Each may be nil.
func findWhole(ways [2]*plane) (digit, sheet *finding) {
	for _, v := range ways {
		ink := soak(v, noWalls)
		if ink == nil {
			continue
		}
		clean := withoutDust(ink)
		f := &finding{picture: v, ink: ink, box: boxOf(mask(clean, half))}
		switch {
		case max(f.box.Dx(), f.box.Dy()) < max(ink.rows, ink.cols)/20: // specks, the grain of the paper
		case f.isSheet():
			sheet = f
		case !hasEdges(clean): // light
		case digit == nil || f.box.Dx()*f.box.Dy() > digit.box.Dx()*digit.box.Dy():
			digit = f // the larger of two, as a 0 is, where its hole is ink in the other way of looking
		}
	}
	return digit, sheet
}

// isSheet reports whether f is no digit, but something a digit may be on: a sheet
// of paper on a table, or a photograph with a white border. It is large, has few
// holes, and is not as narrow as a 1.
func (f *finding) isSheet() bool {
	n, w, h := 0, f.box.Dx(), f.box.Dy()
	for _, v := range mask(f.ink, 0.25).data { // a photograph is lighter than the ink on it
		n += int(v)
	}
	isLarge := n*100 > len(f.ink.data)*35
	isFull := n*10 > w*h*6
	isWide := w < 2*h && h < 2*w
	return isLarge && isFull && isWide
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
