package picture

import (
	"image"
	"slices"
	"testing"
)

// A hollow of less than n pixels is filled, one at the border is not.
func TestClosed(t *testing.T) {
	for _, c := range []struct {
		name      string
		n         int
		got, want []float64
	}{
		{"the comment's", 3, []float64{1, 0, 0.2, 0.5, 1}, []float64{1, 0.5, 0.5, 0.5, 1}},
		{"narrow", 3, []float64{0.9, 0, 0, 0.8}, []float64{0.9, 0.8, 0.8, 0.8}},
		{"wide", 3, []float64{1, 1, 0, 0, 0, 1, 1}, []float64{1, 1, 0, 0, 0, 1, 1}},
		{"at the border", 3, []float64{0, 1, 1, 0}, []float64{0, 1, 1, 0}},
	} {
		checkPlane(t, c.name, closed(&plane{len(c.got), 1, c.got}, c.n), &plane{len(c.want), 1, c.want})
	}
}

// greyPage is a page of 100×100 pixels of one grey, with dark boxes.
func greyPage(boxes ...image.Rectangle) *plane {
	page := newPlane(100, 100)
	fill(page, 0.9, image.Rect(0, 0, 100, 100))
	fill(page, 0.2, boxes...)
	return page
}

// A line is found if it is long enough, and erased without a trace; in what crosses it, it
// leaves no gap.
func TestFindRuling(t *testing.T) {
	stroke := image.Rect(50, 20, 54, 80)
	for _, c := range []struct {
		name  string
		found int // lines
		lines []image.Rectangle
		rest  []image.Rectangle // what else there is, and stays
	}{
		{"across", 1, []image.Rectangle{image.Rect(20, 40, 75, 42)}, nil},
		{"across, with a gap", 1, []image.Rectangle{image.Rect(10, 40, 35, 42), image.Rect(51, 40, 76, 42)}, nil},
		{"down", 1, []image.Rectangle{image.Rect(40, 20, 42, 75)}, nil},
		{"short", 0, nil, []image.Rectangle{image.Rect(30, 40, 70, 42)}},
		{"thick", 0, nil, []image.Rectangle{image.Rect(0, 40, 100, 47)}},
		{"at the border", 0, nil, []image.Rectangle{image.Rect(0, 0, 100, 2)}},
		{"through a stroke", 1, []image.Rectangle{image.Rect(0, 40, 100, 42)}, []image.Rectangle{stroke}},
		{"four, and short ones between them", 5, []image.Rectangle{image.Rect(0, 10, 100, 12), image.Rect(0, 30, 100, 32), image.Rect(0, 50, 100, 52),
			image.Rect(0, 70, 100, 72), image.Rect(0, 90, 20, 92), image.Rect(80, 90, 100, 92)}, nil},
	} {
		r := findRuling(greyPage(slices.Concat(c.lines, c.rest)...))
		if r.count() != c.found {
			t.Errorf("%s: got %d lines, want %d", c.name, r.count(), c.found)
		}
		ways := r.erased()
		checkPlane(t, c.name, ways[0], greyPage(c.rest...))
		checkPlane(t, c.name+", negative", ways[1], inverted(greyPage(c.rest...)))
		light := findRuling(inverted(greyPage(slices.Concat(c.lines, c.rest)...)))
		if light.count() != c.found {
			t.Errorf("%s, light on dark: got %d lines, want %d", c.name, light.count(), c.found)
		}
		checkPlane(t, c.name+", light on dark", light.erased()[1], greyPage(c.rest...))
	}
}

// A pale line is erased where a dark stroke lies along it, but the stroke is not.
func TestPaleLine(t *testing.T) {
	foot := image.Rect(30, 60, 70, 62)
	page, want := greyPage(), greyPage(foot)
	fill(page, 0.7, image.Rect(0, 60, 100, 62))
	fill(page, 0.2, foot)
	checkPlane(t, "a foot on a line", findRuling(page).erased()[0], want)
}

// A thin stroke has no gap where a line crosses it that is as dark.
func TestCrossing(t *testing.T) {
	page := greyPage(image.Rect(0, 50, 100, 52))
	for d := range 70 {
		fill(page, 0.2, image.Rect(15+d, 85-d, 18+d, 88-d))
	}
	clean := findRuling(page).erased()[0]
	for d := range 70 {
		if v := clean.row(86 - d)[16+d]; v > 0.4 {
			t.Errorf("got %.2f in the middle of the stroke, row %d, want 0.2", v, 86-d)
		}
	}
	for _, x := range []int{5, 40, 65, 95} { // beside the stroke
		if v := clean.row(50)[x]; v < 0.85 {
			t.Errorf("got %.2f on the line, column %d, want 0.9", v, x)
		}
	}
}

// Ruling sticks out beyond the digit at both ends, or belongs to a family. A stroke of the
// digit does neither.
func TestCertain(t *testing.T) {
	across := func(from, to, y int) image.Rectangle { return image.Rect(from, y, to, y+2) }
	digit := image.Rect(40, 20, 70, 60)
	family := []image.Rectangle{across(0, 100, 10), across(0, 100, 30), across(0, 100, 50), across(0, 100, 90)}
	for _, c := range []struct {
		name  string
		box   image.Rectangle // of the digit; empty if there is none
		lines []image.Rectangle
		want  int
	}{
		{"under it, a little longer", digit, []image.Rectangle{across(36, 84, 80)}, 1},
		{"under it, longer at one end", digit, []image.Rectangle{across(40, 95, 80)}, 0},
		{"through it, a little longer", digit, []image.Rectangle{across(35, 83, 50)}, 0},
		{"through it, a quarter longer", digit, []image.Rectangle{across(30, 80, 50)}, 1},
		{"through it, from border to border", digit, []image.Rectangle{across(0, 100, 50)}, 1},
		{"down, beside it", digit, []image.Rectangle{image.Rect(20, 0, 22, 100)}, 1},
		{"its stem", digit, []image.Rectangle{image.Rect(55, 20, 57, 75)}, 0},
		{"its stem, longer below", digit, []image.Rectangle{image.Rect(55, 20, 57, 85)}, 0},
		{"three, as wide as it is", image.Rect(0, 0, 100, 100), family[:3], 0},
		{"four", image.Rect(0, 0, 100, 100), family, 4},
		{"one, and no digit", image.Rectangle{}, []image.Rectangle{image.Rect(50, 10, 52, 90)}, 0},
		{"one from border to border, and no digit", image.Rectangle{}, []image.Rectangle{image.Rect(50, 0, 52, 100)}, 1},
		{"two, and no digit", image.Rectangle{}, []image.Rectangle{across(20, 80, 30), across(20, 80, 70)}, 2},
	} {
		var found *finding
		if !c.box.Empty() {
			found = &finding{box: c.box}
		}
		dark := greyPage(c.lines...)
		for way, page := range []*plane{dark, inverted(dark)} {
			r := findRuling(page)
			if r.count() != len(c.lines) {
				t.Fatalf("%s, way %d: found %d lines, want %d", c.name, way, r.count(), len(c.lines))
			}
			if got := r.certain(found).count(); got != c.want {
				t.Errorf("%s, way %d: got %d lines that are ruling, want %d", c.name, way, got, c.want)
			}
		}
	}
}
