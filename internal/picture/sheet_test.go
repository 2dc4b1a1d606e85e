package picture

import (
	"image"
	"math"
	"testing"
)

// A sheet is dark or light, written on or not, and the only one; a frame may have gaps.
func TestFindSheet(t *testing.T) {
	page := func(paper float64, boxes ...image.Rectangle) *plane {
		p := newPlane(100, 100)
		fill(p, paper, image.Rect(0, 0, 100, 100))
		fill(p, 0.1, boxes...)
		return p
	}
	patch := page(1)
	fill(patch, 0.8, image.Rect(20, 10, 80, 90))
	fill(patch, 0.1, image.Rect(45, 30, 50, 70))
	light := page(0.2)
	fill(light, 1, image.Rect(20, 10, 80, 90))
	two := page(0.2)
	fill(two, 1, image.Rect(5, 10, 48, 90), image.Rect(52, 10, 95, 90))
	stroke := image.Rect(45, 30, 50, 70)
	frame := []image.Rectangle{image.Rect(10, 10, 90, 14), image.Rect(10, 86, 90, 90), image.Rect(10, 10, 14, 90), image.Rect(86, 10, 90, 90)}
	gap := page(1, append(frame, stroke)...)
	fill(gap, 1, image.Rect(30, 10, 35, 14))
	for _, c := range []struct {
		name  string
		page  *plane
		least image.Rectangle // that must be in the sheet, and most that may be; empty if there is none
		most  image.Rectangle
	}{
		{"a pale patch", patch, image.Rect(20, 10, 80, 90), image.Rect(20, 10, 80, 90)},
		{"a light sheet without a digit", light, image.Rect(20, 10, 80, 90), image.Rect(20, 10, 80, 90)},
		{"two", two, image.Rectangle{}, image.Rectangle{}},
		{"a frame", page(1, append(frame, stroke)...), image.Rect(14, 14, 86, 86), image.Rect(14, 14, 86, 86)},
		{"a frame with a gap", gap, image.Rect(22, 22, 78, 78), image.Rect(17, 17, 83, 83)},
		{"an L", page(1, stroke, image.Rect(45, 65, 75, 70)), image.Rectangle{}, image.Rectangle{}},
	} {
		got := findSheet([2]*plane{c.page, inverted(c.page)})
		if !c.least.In(got) || !got.In(c.most) {
			t.Errorf("%s: got %v, want at least %v and at most %v", c.name, got, c.least, c.most)
		}
	}
}

// A sheet is large, has few holes, and is not narrow.
func TestIsSheet(t *testing.T) {
	for _, c := range []struct {
		name  string
		boxes []image.Rectangle
		want  bool
	}{
		{"a sheet", []image.Rectangle{image.Rect(8, 6, 32, 34)}, true}, // 42 in 100 pixels
		{"a small one", []image.Rectangle{image.Rect(10, 8, 30, 32)}, false},
		{"a wide one", []image.Rectangle{image.Rect(0, 10, 40, 29)}, false},
		{"a high one", []image.Rectangle{image.Rect(10, 0, 29, 40)}, false},
		{"a ring", []image.Rectangle{image.Rect(0, 0, 40, 6), image.Rect(0, 34, 40, 40), image.Rect(0, 6, 6, 34), image.Rect(34, 6, 40, 34)}, false},
	} {
		ink := inked(c.boxes...)
		f := &finding{ink: ink, box: boxOf(ink)}
		if got := f.isSheet(); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// An area fills most of its box, counting its holes: a rectangle does, with a digit on it
// or without, a circle does not.
func TestIsArea(t *testing.T) {
	ring := func(outer, inner float64) *plane {
		p := newPlane(40, 40)
		for k := range p.data {
			if r := math.Hypot(float64(k%40)-19.5, float64(k/40)-19.5); r < outer && r >= inner {
				p.data[k] = 1
			}
		}
		return p
	}
	written := inked(image.Rect(5, 5, 35, 30))
	fill(written, 0, image.Rect(10, 10, 13, 25), image.Rect(13, 22, 30, 25))
	holed := inked(image.Rect(5, 5, 35, 30))
	fill(holed, 0, image.Rect(10, 9, 32, 26)) // a half is left
	cut := inked(image.Rect(5, 5, 35, 30))
	fill(cut, 0, image.Rect(25, 5, 35, 22)) // no hole: it is open at a corner
	for _, c := range []struct {
		name string
		ink  *plane
		want bool
	}{
		{"a rectangle", inked(image.Rect(5, 5, 35, 30)), true},
		{"one with strokes on it", written, true},
		{"one that is mostly hole", holed, false},
		{"one without a corner", cut, false},
		{"a circle", ring(19, 0), false},
		{"a thick 0", ring(19, 8), false},
	} {
		label, list := components(c.ink)
		if got := isArea(label, 40, 1, list[1].box); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
