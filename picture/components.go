package picture

import (
	"fmt"
	"image"
	"slices"
)

// This file has the connected components of the ink: which are the digit, which
// are dust, and whether there is more than one digit.

// A component is a part of the ink that hangs together.
type component struct {
	mass float64         // the sum of its ink
	box  image.Rectangle // that has all of it
}

// components numbers the connected components of the ink: label is the number of
// each pixel's, an index of list; 0 is paper.
func components(ink *plane) (label []int, list []component) {
	label, list = make([]int, len(ink.data)), []component{{}}
	for k, v := range ink.data {
		if v > 0 && label[k] == 0 {
			list = append(list, labelComponent(ink, label, k, len(list)))
		}
	}
	return label, list
}

// labelComponent gives number n to the connected component that pixel k is in,
// and returns it. Pixels are 8-connected: the neighbours of a pixel are the
// eight around it, those that share only a corner with it among them.
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

// only returns the components of the ink that are wanted.
func only(ink *plane, wanted func(n int, c component) bool) *plane {
	label, list := components(ink)
	keep := make([]bool, len(list))
	for n, c := range list {
		keep[n] = n > 0 && wanted(n, c)
	}
	out := newPlane(ink.rows, ink.cols)
	for k, n := range label {
		if keep[n] {
			out.data[k] = ink.data[k]
		}
	}
	return out
}

// withoutDust returns the ink but for the components whose mass is small beside
// that of the largest.
func withoutDust(ink *plane) *plane {
	const small = 0.05
	_, list := components(ink)
	largest := 0.0
	for _, c := range list {
		largest = max(largest, c.mass)
	}
	return only(ink, func(_ int, c component) bool { return c.mass >= small*largest })
}

// checkOne fails if there is nothing, or if there are several digits: components
// that are about as high as the highest, and stand beside each other with paper
// between them.
func checkOne(ink *plane) error {
	_, list := components(ink)
	highest := 0
	for _, c := range list {
		highest = max(highest, c.box.Dy())
	}
	list = slices.DeleteFunc(list, func(c component) bool { return c.box.Dy() < highest*6/10 || c.mass == 0 })
	slices.SortFunc(list, func(a, b component) int { return a.box.Min.X - b.box.Min.X })
	count, right := 0, 0 // of digits so far, and where the last ends
	for _, c := range list {
		if count == 0 || c.box.Min.X-right > highest/10 {
			count++
		}
		right = max(right, c.box.Max.X)
	}
	if count == 0 {
		return errNothing
	}
	if count > 1 {
		return &Error{Message: fmt.Sprintf("this seems to hold %d digits; crop to one", count)}
	}
	return nil
}
