package picture

import (
	"fmt"
	"image"
	"slices"
)

// This file finds the connected components of the ink, and tells which of them are
// the digit, which are dust, and whether there is more than one digit.

// A component is a part of the ink that hangs together.
type component struct {
	mass float64         // its ink, in all
	box  image.Rectangle // the smallest that has all of it
}

// components returns the connected components of the ink, and for each pixel the
// number of its component, an index of list. Number 0 is paper, without mass.
func components(ink *plane) (label []int, list []component) {
	label, list = make([]int, len(ink.data)), []component{{}}
	for k, v := range ink.data {
		if v > 0 && label[k] == 0 {
			list = append(list, labelComponent(ink, label, k, len(list)))
		}
	}
	return label, list
}

// labelComponent gives number n to the connected component that pixel k is in, and
// returns it. A pixel is connected with the eight around it, so by a corner, too.
func labelComponent(ink *plane, label []int, k, n int) (c component) {
	label[k] = n
	todo := []int{k} // pixels of the component whose neighbours are still to be looked at
	for len(todo) > 0 {
		k = todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		i, j := k/ink.cols, k%ink.cols
		c.mass += ink.data[k]
		c.box = c.box.Union(image.Rect(j, i, j+1, i+1))
		for y := max(0, i-1); y <= min(ink.rows-1, i+1); y++ {
			for x := max(0, j-1); x <= min(ink.cols-1, j+1); x++ {
				if q := y*ink.cols + x; ink.data[q] > 0 && label[q] == 0 {
					label[q] = n
					todo = append(todo, q)
				}
			}
		}
	}
	return c
}

// only returns the ink of the components whose numbers are wanted.
func only(ink *plane, label []int, wanted func(n int) bool) *plane {
	out := newPlane(ink.rows, ink.cols)
	for k, n := range label {
		if wanted(n) {
			out.data[k] = ink.data[k]
		}
	}
	return out
}

// withoutDust returns the ink without components of less than 1/20 of the largest mass.
func withoutDust(ink *plane) *plane {
	label, list := components(ink)
	largest := 0.0
	for _, c := range list {
		largest = max(largest, c.mass)
	}
	return only(ink, label, func(n int) bool { return list[n].mass >= 0.05*largest })
}

// withoutPale returns the ink without what is pale and not at the edge of dark ink: what
// shows through from the other side of the paper.
func withoutPale(ink *plane) *plane {
	const pale = 0.35
	edge := max(ink.rows, ink.cols)/Width + 1 // how wide an edge may be: a pixel, if Width pixels were enlarged
	near, out := thicken(mask(ink, pale), edge), newPlane(ink.rows, ink.cols)
	for k, v := range ink.data {
		if near.row(k/ink.cols + edge)[k%ink.cols+edge] > 0 {
			out.data[k] = v
		}
	}
	return out
}

// checkOne returns an *Error unless the ink is one digit. Digits are components that are about as
// high as the highest. They stand beside each other or one above the other, with a gap of a
// tenth of their height. Beside each other any gap will do, if the right one is almost as high
// as the highest, as no part of a digit beside another part is.
func checkOne(ink *plane) error {
	if ink == nil {
		return errNothing
	}
	const joined = 0.3 // in a small picture there is some ink between two digits, but less
	_, list := components(mask(ink, joined))
	highest := 0
	for _, c := range list {
		highest = max(highest, c.box.Dy())
	}
	list = slices.DeleteFunc(list, func(c component) bool { return c.mass == 0 || c.box.Dy()*10 < highest*6 })
	slices.SortFunc(list, func(a, b component) int { return a.box.Min.X - b.box.Min.X })
	beside, right := 0, 0 // the digits so far, and where the last ends
	for _, c := range list {
		if gap := c.box.Min.X - right; beside == 0 || gap > highest/10 || gap >= 0 && c.box.Dy()*10 > highest*8 {
			beside++
		}
		right = max(right, c.box.Max.X)
	}
	slices.SortFunc(list, func(a, b component) int { return a.box.Min.Y - b.box.Min.Y })
	above, bottom := 0, 0
	for _, c := range list {
		if above == 0 || c.box.Min.Y-bottom > highest/10 {
			above++
		}
		bottom = max(bottom, c.box.Max.Y)
	}
	switch count := max(beside, above); {
	case count == 0:
		return errNothing
	case count > 1:
		return &Error{Message: fmt.Sprintf("this seems to hold %d digits; crop to one", count)}
	}
	return nil
}
