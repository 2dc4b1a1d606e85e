package picture

import (
	"image"
	"testing"
)

// inked returns a plane of 40×40 with ink in the boxes.
func inked(boxes ...image.Rectangle) *plane {
	ink := newPlane(40, 40)
	fill(ink, 1, boxes...)
	return ink
}

// The border cuts strokes that end on it, and nothing that lies along it.
func TestIsCut(t *testing.T) {
	across, down := image.Rect(0, 16, 40, 24), image.Rect(16, 0, 24, 40)
	for _, c := range []struct {
		name string
		ink  *plane
		want bool
	}{
		{"nothing", inked(), false},
		{"a cross", inked(across, down), true}, // 32 of 160 of the border, and of the outline
		{"a thick cross", inked(image.Rect(0, 12, 40, 28), image.Rect(12, 0, 28, 40)), false},
		{"a cross that ends before the border", inked(image.Rect(1, 16, 39, 24), image.Rect(16, 1, 24, 39)), false},
		{"a cross that ends on one side", inked(image.Rect(4, 16, 36, 24), image.Rect(16, 4, 24, 40)), true},
		{"a block on the border", inked(image.Rect(10, 25, 25, 40)), false},
		{"a cross, and specks", inked(across, down, image.Rect(5, 5, 10, 10)), true},
		{"a cross, and a block", inked(across, down, image.Rect(2, 2, 15, 15), image.Rect(2, 26, 14, 39)), true},
		{"a line, and a larger block", inked(image.Rect(18, 0, 20, 40), image.Rect(25, 15, 37, 30)), false},
		{"an L, and a block of half its mass", inked(image.Rect(4, 4, 8, 40), image.Rect(8, 36, 40, 40), image.Rect(16, 8, 28, 20)), false},
		{"a frame", inked(image.Rect(0, 0, 40, 3), image.Rect(0, 37, 40, 40), image.Rect(0, 0, 3, 40), image.Rect(37, 0, 40, 40)), false},
	} {
		if got := isCut(c.ink); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// Of a dark and a light one that the border cuts, the digit is that with less ink on it.
func TestFindCut(t *testing.T) {
	page := newPlane(40, 40)
	fill(page, 0.5, page.rect())
	fill(page, 0.1, image.Rect(6, 0, 10, 20), image.Rect(2, 6, 16, 10))
	fill(page, 0.9, image.Rect(26, 20, 34, 40), image.Rect(20, 28, 36, 32))
	for n, ways := range [][2]*plane{{page, inverted(page)}, {inverted(page), page}} {
		if got := findCut(ways); got == nil || !got.cut || got.light != (n == 1) {
			t.Errorf("way %d is cut less: got %+v", n, got)
		}
	}
}

// The outline of a box of 10×20 on the border is 60 long, 10 or 20 of it on the border.
func TestContact(t *testing.T) {
	for _, c := range []struct {
		name string
		ink  *plane
		want float64
	}{
		{"nothing", inked(), 0},
		{"in the middle", inked(image.Rect(15, 10, 25, 30)), 0},
		{"at the top", inked(image.Rect(15, 0, 25, 20)), 10.0 / 60},
		{"at the bottom", inked(image.Rect(15, 20, 25, 40)), 10.0 / 60},
		{"at the left", inked(image.Rect(0, 10, 10, 30)), 20.0 / 60},
		{"at the right", inked(image.Rect(30, 10, 40, 30)), 20.0 / 60},
		{"in a corner", inked(image.Rect(30, 20, 40, 40)), 30.0 / 60},
	} {
		if got := contact(c.ink); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// Most sides of what is drawn have an edge; of a shadow some may have, where it falls
// on ink.
func TestHasEdges(t *testing.T) {
	for _, c := range []struct {
		name  string
		edges int // how many of the 40 rows have edges; the ink of the others fades
		want  bool
	}{
		{"drawn", 40, true},
		{"drawn, soft in places", 30, true},
		{"a shadow with a little drawn in it", 10, false},
		{"a shadow", 0, false},
	} {
		ink := newPlane(40, 40)
		for i := range ink.rows {
			for j := range ink.cols {
				switch {
				case i >= c.edges:
					ink.row(i)[j] = max(0, 1-float64(j)/30)
				case j >= 10 && j < 20:
					ink.row(i)[j] = 1
				case j == 9 || j == 20: // an edge may be soft
					ink.row(i)[j] = 0.4
				}
			}
		}
		if got := hasEdges(ink); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// Of two findings, the outer one is better, whatever its depth; else the deeper one.
func TestIsBetter(t *testing.T) {
	outer, inner, aside := image.Rect(0, 0, 30, 30), image.Rect(5, 5, 20, 20), image.Rect(25, 25, 40, 40)
	for _, c := range []struct {
		f, g       image.Rectangle
		deep, want bool // whether f is deeper, and better
	}{
		{outer, inner, false, true}, {inner, outer, true, false}, {outer, aside, true, true}, {outer, aside, false, false},
	} {
		f, g := &finding{box: c.f, depth: 0.5}, &finding{box: c.g, depth: 0.4}
		if !c.deep {
			g.depth = 0.6
		}
		if got := f.isBetter(g); got != c.want {
			t.Errorf("%v against %v, deeper %v: got %v, want %v", c.f, c.g, c.deep, got, c.want)
		}
	}
}
