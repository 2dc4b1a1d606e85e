package picture

import (
	"image"
	"math"
	"slices"
)

// This file has planes, and the operations on them that several files need.

// A plane has one number for each pixel of a picture: how bright the pixel is,
// or how much ink is on it.
type plane struct {
	rows, cols int
	data       []float64 // rows×cols numbers, row after row
}

// newPlane returns a plane of zeros.
func newPlane(rows, cols int) *plane { return &plane{rows, cols, make([]float64, rows*cols)} }

// rect returns the rectangle of all pixels.
func (p *plane) rect() image.Rectangle { return image.Rect(0, 0, p.cols, p.rows) }

// row returns row i. It is a part of p, not a copy.
func (p *plane) row(i int) []float64 { return p.data[i*p.cols : (i+1)*p.cols] }

// at returns the number in row i and column j, or 0 if that is outside p.
func (p *plane) at(i, j int) float64 {
	if i < 0 || i >= p.rows || j < 0 || j >= p.cols {
		return 0
	}
	return p.data[i*p.cols+j]
}

// border returns the indexes in data of the pixels on the border, the corners twice.
func (p *plane) border() (indexes []int) {
	for j := range p.cols {
		indexes = append(indexes, j, (p.rows-1)*p.cols+j)
	}
	for i := range p.rows {
		indexes = append(indexes, i*p.cols, (i+1)*p.cols-1)
	}
	return indexes
}

// mask returns a plane that is 1 where p is more than least, and 0 elsewhere.
func mask(p *plane, least float64) *plane {
	m := newPlane(p.rows, p.cols)
	for k, v := range p.data {
		if v > least {
			m.data[k] = 1
		}
	}
	return m
}

// inverted returns the negative of p: 1 − v for each number v.
func inverted(p *plane) *plane {
	negative := newPlane(p.rows, p.cols)
	for k, v := range p.data {
		negative.data[k] = 1 - v
	}
	return negative
}

// transposed returns p with its rows as columns.
func transposed(p *plane) *plane {
	t := newPlane(p.cols, p.rows)
	for i := range p.rows {
		for j, v := range p.row(i) {
			t.row(j)[i] = v
		}
	}
	return t
}

// boxOf returns the smallest rectangle that has all pixels of p above 0.
func boxOf(p *plane) (box image.Rectangle) {
	for k, v := range p.data {
		if v > 0 {
			i, j := k/p.cols, k%p.cols
			box = box.Union(image.Rect(j, i, j+1, i+1))
		}
	}
	return box
}

// part returns a copy of the part of p that is in the box.
func part(p *plane, box image.Rectangle) *plane {
	copied := newPlane(box.Dy(), box.Dx())
	for i := range box.Dy() {
		copy(copied.row(i), p.row(box.Min.Y + i)[box.Min.X:])
	}
	return copied
}

// thicken makes lines wider by n pixels on either side: every pixel becomes as
// dark as the darkest within a circle of radius n around it. The plane that it
// returns is larger than ink by n pixels on each side.
func thicken(ink *plane, n int) *plane {
	wide := newPlane(ink.rows+2*n, ink.cols+2*n)
	for i := range ink.rows {
		for j, v := range ink.row(i) {
			if v == 0 {
				continue
			}
			for y := -n; y <= n; y++ {
				reach := int(math.Sqrt(float64(n*n - y*y)))
				chord := wide.row(i + n + y)[j+n-reach : j+n+reach+1]
				for x := range chord {
					chord[x] = max(chord[x], v)
				}
			}
		}
	}
	return wide
}

// bridged returns p with the marked pixels of each column replaced: they go
// evenly from the pixel above them to the pixel below them. Between 0.2 and 0.8,
// two marked pixels become 0.4 and 0.6. At the border of p, where one of the two
// is missing, they become like the other.
func bridged(p, marks *plane) *plane {
	out := newPlane(p.rows, p.cols)
	copy(out.data, p.data)
	for j := range p.cols {
		for i := 0; i < p.rows; i++ {
			if marks.row(i)[j] == 0 {
				continue
			}
			end := i // the first row below that is not marked
			for end < p.rows && marks.row(end)[j] > 0 {
				end++
			}
			above, below := p.row(max(i-1, 0))[j], p.row(min(end, p.rows-1))[j]
			if i == 0 {
				above = below
			}
			if end == p.rows {
				below = above
			}
			for y := i; y < end; y++ {
				t := float64(y-i+1) / float64(end-i+1)
				out.row(y)[j] = above*(1-t) + below*t
			}
			i = end
		}
	}
	return out
}

// quantile returns the number that a share q of the values, of which there must be
// some, are less than; with q = 0.5 it is their median. As quicksort does, it parts
// the values into smaller and larger ones, but it goes on only with those among
// which the number is (C. A. R. Hoare, 1961).
func quantile(values []float64, q float64) float64 {
	v := slices.Clone(values)
	k := min(int(q*float64(len(v))), len(v)-1) // if v were sorted, the number would be v[k]
	for low, high := 0, len(v)-1; low < high; {
		i, j, pivot := low, high, v[(low+high)/2]
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
		if j < k { // up to v[j] all are pivot or less
			low = i
		}
		if k < i { // from v[i] on all are pivot or more
			high = j
		}
	}
	return v[k]
}
