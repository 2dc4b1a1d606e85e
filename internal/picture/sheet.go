package picture

import (
	"image"
	"slices"
)

// This file finds what a digit may be on: a sheet of paper, a photograph, the inside of a frame.

// findSheet returns the box of a sheet of paper on a table, of a photograph with a white
// border, of a pale patch, or of the inside of a frame: an area that is ink in one way of
// looking at the picture and rectangular. Several of them are the cells of squared paper.
func findSheet(ways [2]*plane) (largest image.Rectangle) {
	for _, v := range ways {
		ink, _ := soak(v, noWalls)
		if ink == nil {
			continue
		}
		var sheets []image.Rectangle
		label, list := components(ink)
		for n, c := range list {
			const least = 5 // a sheet is at least a fifth as long as the picture
			if least*max(c.box.Dx(), c.box.Dy()) >= max(ink.rows, ink.cols) && isArea(label, ink.cols, n, c.box) {
				sheets = append(sheets, c.box)
			}
			inside := c.inside()
			if slices.ContainsFunc(list, func(d component) bool { return d.box.In(inside) && 3*d.box.Dy() > inside.Dy() }) {
				sheets = []image.Rectangle{inside} // the component is a frame around d
				break
			}
		}
		if len(sheets) == 1 && area(sheets[0]) > area(largest) {
			largest = sheets[0]
		}
	}
	return largest
}

// inside returns the box inside a frame, which may have gaps: that of the frame, less twice
// its mean width at each side.
func (c component) inside() image.Rectangle {
	return c.box.Inset(1 + 2*int(c.mass)/(2*(c.box.Dx()+c.box.Dy())+1))
}

// area returns how many pixels are in the box.
func area(box image.Rectangle) int { return box.Dx() * box.Dy() }

// isArea reports whether the component with number n, which is in the box, is a
// rectangular area, that of a sheet on which a digit may be. It covers most of its box; its
// holes, which may be the strokes of a digit, cover most of the rest. A thick 0 does not: a
// circle with its hole covers π/4 of its box, 79%.
func isArea(label []int, cols, n int, box image.Rectangle) bool {
	const leastCovered, leastFilled = 0.6, 0.8 // of the box
	rest := newPlane(box.Dy(), box.Dx())       // all but the component
	for i := range rest.rows {
		for j := range rest.cols {
			if label[(box.Min.Y+i)*cols+box.Min.X+j] != n {
				rest.row(i)[j] = 1
			}
		}
	}
	_, list := components(rest)
	covered := float64(area(box))
	for _, c := range list {
		covered -= c.mass
	}
	filled := covered
	for _, c := range list {
		if c.box.In(rest.rect().Inset(1)) {
			filled += c.mass
		}
	}
	return covered > leastCovered*float64(area(box)) && filled > leastFilled*float64(area(box))
}

// findOn looks for a digit on a sheet. sheets is how many there may be still.
func findOn(sheet image.Rectangle, colours [3]*plane, sheets int, sparing bool) (r reading) {
	box := sheet.Inset(1 + sheet.Dx()/50) // as the sheet need not have straight edges
	if box.Empty() {
		return r
	}
	for c, p := range colours {
		colours[c] = part(p, box)
	}
	r = find(colours, sheets-1, sparing)
	r.done = append([]string{"border dropped"}, r.done...)
	return r
}

// isSheet reports whether all the ink together is an area that covers a third of the
// picture, and not as narrow as a 1.
func (f *finding) isSheet() bool {
	inked := mask(f.ink, 0)
	label := make([]int, len(inked.data))
	covered := 0
	for k, v := range inked.data {
		label[k] = int(v)
		covered += label[k]
	}
	return 3*covered > len(label) && f.box.Dx() < 2*f.box.Dy() && f.box.Dy() < 2*f.box.Dx() &&
		isArea(label, inked.cols, 1, f.box)
}
