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

// checkOne returns an *Error unless the ink is one digit. Digits are components
// that are about as high as the highest. Where they overlap from left to right, or
// have hardly a gap between them, they are parts of one digit.
func checkOne(ink *plane) error {
	_, list := components(ink)
	highest := 0
	for _, c := range list {
		highest = max(highest, c.box.Dy())
	}
	list = slices.DeleteFunc(list, func(c component) bool { return c.box.Dy() < highest*6/10 || c.mass == 0 })
	slices.SortFunc(list, func(a, b component) int { return a.box.Min.X - b.box.Min.X })
	count, right := 0, 0 // the digits so far, and where the last ends
	for _, c := range list {
		if count == 0 || c.box.Min.X-right > highest/10 {
			count++
		}
		right = max(right, c.box.Max.X)
	}
	switch {
	case count == 0:
		return errNothing
	case count > 1:
		return &Error{Message: fmt.Sprintf("this seems to hold %d digits; crop to one", count)}
	}
	return nil
}
