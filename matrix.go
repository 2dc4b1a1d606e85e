package main

import (
	"fmt"
	"slices"
)

// A Matrix is a dense matrix of float64, stored row after row in one slice.
//
// Row i is Data[i*Cols : (i+1)*Cols], so a loop along a row runs along
// memory, where the processor is fastest; no loop in this file runs down a
// column of numbers it could have taken along a row.
//
// The network keeps one example per row. Shapes are written m×n, rows first,
// and a shape that does not fit is a mistake in the program, not in its
// input: every method panics, naming the operation and the shapes.
type Matrix struct {
	Rows, Cols int
	Data       []float64 // Rows*Cols numbers
}

// NewMatrix returns a rows×cols matrix of zeros.
func NewMatrix(rows, cols int) *Matrix {
	return &Matrix{rows, cols, make([]float64, rows*cols)}
}

// Row returns row i. It is a part of m, not a copy of it.
func (m *Matrix) Row(i int) []float64 {
	return m.Data[i*m.Cols : (i+1)*m.Cols]
}

// SetRows makes m a rows×m.Cols matrix in the memory it has, for a mini-batch
// shorter than the one before it. The numbers in m mean nothing afterwards.
// It panics if m was not made with room for that many rows.
func (m *Matrix) SetRows(rows int) {
	if rows < 0 || rows*m.Cols > cap(m.Data) {
		panic(fmt.Sprintf("matrix: SetRows: %d rows asked of a %v with room for %d numbers", rows, m, cap(m.Data)))
	}
	m.Rows, m.Data = rows, m.Data[:rows*m.Cols]
}

// Mul sets c to the product a·b:
//
//	c (m×n) = a (m×k) · b (k×n)
//
// Row i of c is a sum of rows of b, each scaled by a number of row i of a.
// Numbers that are 0 are left out and cost nothing. (Left out even where b is
// infinite, though 0·∞ is NaN: SGD looks for weights that are not finite among
// the weights themselves.)
func (c *Matrix) Mul(a, b *Matrix) {
	if a.Cols != b.Rows || c.Rows != a.Rows || c.Cols != b.Cols {
		panicShapes("Mul", "c = a·b", c, a, b)
	}
	var scale [block]float64
	var which [block]int32
	clear(c.Data)
	for i := range a.Rows {
		row := a.Row(i)
		for k0 := 0; k0 < a.Cols; k0 += block {
			n := 0
			for k := k0; k < min(k0+block, a.Cols); k++ {
				scale[n], which[n] = row[k], int32(k)
				if row[k] != 0 {
					n++
				}
			}
			addRows(c.Row(i), 1, scale[:n], b, which[:n])
		}
	}
}

// AddTMul adds s times the product aᵀ·b to c:
//
//	c (k×n) += s · aᵀ (k×m) · b (m×n)
//
// aᵀ is never built. Row k of c gains rows of b, each scaled by s times a
// number of column k of a, and again a 0 is left out.
func (c *Matrix) AddTMul(s float64, a, b *Matrix) {
	if a.Rows != b.Rows || c.Rows != a.Cols || c.Cols != b.Cols {
		panicShapes("AddTMul", "c += s·aᵀ·b", c, a, b)
	}
	var scale [block]float64
	var which [block]int32
	for i0 := 0; i0 < a.Rows; i0 += block {
		for k := range a.Cols {
			n := 0
			for i := i0; i < min(i0+block, a.Rows); i++ {
				v := a.Data[i*a.Cols+k]
				scale[n], which[n] = v, int32(i)
				if v != 0 {
					n++
				}
			}
			addRows(c.Row(k), s, scale[:n], b, which[:n])
		}
	}
}

// block is how many numbers of the left operand Mul and AddTMul look through
// before they use the ones that are not 0: their list then stays on the stack
// and in the first-level cache (2 KB of numbers, 1 KB of indexes).
//
// Looking first and multiplying later is faster than an if around the
// multiplication. Which numbers are 0 cannot be guessed, and a processor that
// guesses wrong throws away some 15 cycles of work; "if v != 0 { n++ }" alone
// needs no guess, for the compiler turns it into an addition of 0 or 1.
const block = 256

// MulSparse sets c to the product a·b, of a sparse a:
//
//	c (m×n) = a (m×k) · b (k×n)
//
// This is how images go into the network. Four fifths of an image of a digit
// is exactly 0, and it is most of the speed of this program that neither
// these pixels nor their weights are ever looked at.
func (c *Matrix) MulSparse(a *Sparse, b *Matrix) {
	clear(c.Data)
	c.AddMulSparse(1, a, b)
}

// AddMulSparse adds s times the product a·b, of a sparse a, to c:
//
//	c (m×n) += s · a (m×k) · b (k×n)
//
// With the images transposed for a and the errors for b, this is the step of
// the weights: a pixel that is 0 in every image of a mini-batch leaves its row
// of weights untouched.
func (c *Matrix) AddMulSparse(s float64, a *Sparse, b *Matrix) {
	if a.Cols != b.Rows || c.Rows != a.Rows || c.Cols != b.Cols {
		panicShapes("AddMulSparse", "c += s·a·b", c, a, b)
	}
	for i := range a.Rows {
		from, to := a.start[i], a.start[i+1]
		addRows(c.Row(i), s, a.value[from:to], b, a.where[from:to])
	}
}

// addRows is the loop nearly all the time of training is spent in:
//
//	dst[j] += Σ over q of s · scale[q] · m[which[q]][j]      for every j
//
// It takes four rows at a time, then two, then one. Of four, dst is read and
// written once rather than four times, and the four products have sums of
// their own to wait for before they meet: half the time of one row at a time.
func addRows(dst []float64, s float64, scale []float64, m *Matrix, which []int32) {
	for len(scale) >= 4 && len(which) >= 4 {
		s0, s1, s2, s3 := s*scale[0], s*scale[1], s*scale[2], s*scale[3]
		r0 := m.Row(int(which[0]))[:len(dst)] // [:len(dst)] shows the compiler
		r1 := m.Row(int(which[1]))[:len(dst)] // that every r[j] below exists, and
		r2 := m.Row(int(which[2]))[:len(dst)] // it leaves the checks out of the
		r3 := m.Row(int(which[3]))[:len(dst)] // loop
		for j := range dst {
			dst[j] += (s0*r0[j] + s1*r1[j]) + (s2*r2[j] + s3*r3[j])
		}
		scale, which = scale[4:], which[4:]
	}
	if len(scale) >= 2 && len(which) >= 2 {
		s0, s1 := s*scale[0], s*scale[1]
		r0 := m.Row(int(which[0]))[:len(dst)]
		r1 := m.Row(int(which[1]))[:len(dst)]
		for j := range dst {
			dst[j] += s0*r0[j] + s1*r1[j]
		}
		scale, which = scale[2:], which[2:]
	}
	if len(scale) == 1 && len(which) == 1 {
		s0, r0 := s*scale[0], m.Row(int(which[0]))[:len(dst)]
		for j := range dst {
			dst[j] += s0 * r0[j]
		}
	}
}

// MulT sets c to the product a·bᵀ:
//
//	c (m×n) = a (m×k) · bᵀ (k×n)
//
// bᵀ is never built: c[i][j] is the dot product of row i of a and row j of b,
// both of which lie along memory.
func (c *Matrix) MulT(a, b *Matrix) {
	if a.Cols != b.Cols || c.Rows != a.Rows || c.Cols != b.Rows {
		panicShapes("MulT", "c = a·bᵀ", c, a, b)
	}
	for i := range a.Rows {
		x := a.Row(i)
		for j := range b.Rows {
			y := b.Row(j)[:len(x)]
			sum := 0.0
			for k := range x {
				sum += x[k] * y[k]
			}
			c.Data[i*c.Cols+j] = sum
		}
	}
}

// Zip sets m to f(a, b), number by number; all three have one shape.
func (m *Matrix) Zip(f func(a, b float64) float64, a, b *Matrix) {
	if m.Rows != a.Rows || m.Cols != a.Cols || a.Rows != b.Rows || a.Cols != b.Cols {
		panicShapes("Zip", "m = f(a, b)", m, a, b)
	}
	for i, v := range a.Data {
		m.Data[i] = f(v, b.Data[i])
	}
}

// AddRow adds the row vector b (1×n) to every row of m (m×n).
func (m *Matrix) AddRow(b *Matrix) {
	if b.Rows != 1 || b.Cols != m.Cols {
		panicShapes("AddRow", "m += b", m, b)
	}
	for i := range m.Rows {
		row := m.Row(i)
		for j, v := range b.Data {
			row[j] += v
		}
	}
}

// AddSum adds s times the sum of the rows of a (m×n) to the row vector b (1×n).
func (b *Matrix) AddSum(s float64, a *Matrix) {
	if b.Rows != 1 || b.Cols != a.Cols {
		panicShapes("AddSum", "b += s·Σ a", b, a)
	}
	for i := range a.Rows {
		for j, v := range a.Row(i) {
			b.Data[j] += s * v
		}
	}
}

// Apply replaces every number v of m by f(v).
func (m *Matrix) Apply(f func(float64) float64) {
	for i, v := range m.Data {
		m.Data[i] = f(v)
	}
}

// Scale multiplies every number of m by s.
func (m *Matrix) Scale(s float64) {
	data := m.Data // twice as fast: m.Data itself would be loaded anew for every number
	for i := range data {
		data[i] *= s
	}
}

// Hadamard multiplies m, number by number, by f of a (the same shape):
//
//	m ← m ⊙ f(a)
func (m *Matrix) Hadamard(f func(float64) float64, a *Matrix) {
	if m.Rows != a.Rows || m.Cols != a.Cols {
		panicShapes("Hadamard", "m ← m ⊙ f(a)", m, a)
	}
	for i, v := range a.Data {
		m.Data[i] *= f(v)
	}
}

// Argmax returns the column of the largest number in row i, the first of
// them if several are equal. The row must not be empty.
func (m *Matrix) Argmax(i int) int {
	row, best := m.Row(i), 0
	for j, v := range row {
		if v > row[best] {
			best = j
		}
	}
	return best
}

// String gives the shape of m, "3×4", not its numbers: it is for messages.
func (m *Matrix) String() string { return fmt.Sprintf("%d×%d", m.Rows, m.Cols) }

// panicShapes panics with the name of an operation, its formula and the
// shapes of the matrices in it, in the formula's order.
func panicShapes(operation, formula string, shapes ...fmt.Stringer) {
	panic(fmt.Sprintf("matrix: %s: shapes do not fit %s: %v", operation, formula, shapes))
}

// A Sparse is a matrix most of whose numbers are 0. It keeps the others only,
// row after row: value[q] stands in column where[q], and row i has those with
// start[i] ≤ q < start[i+1].
type Sparse struct {
	Rows, Cols int
	start      []int // one more than there are rows
	where      []int32
	value      []float64
}

// Reset makes s a matrix of cols columns and no rows, in the memory it has.
func (s *Sparse) Reset(cols int) {
	s.Rows, s.Cols = 0, cols
	s.start, s.where, s.value = append(s.start[:0], 0), s.where[:0], s.value[:0]
}

// Append adds a row to s: value[q] in column where[q], ascending, and 0 in all
// others.
func (s *Sparse) Append(where []uint16, value []float32) {
	for q, k := range where {
		s.where = append(s.where, int32(k))
		s.value = append(s.value, float64(value[q]))
	}
	s.Rows++
	s.start = append(s.start, len(s.value))
}

// Copy sets s to a.
func (s *Sparse) Copy(a *Matrix) {
	s.Reset(a.Cols)
	for i := range a.Rows {
		for k, v := range a.Row(i) {
			if v != 0 {
				s.where, s.value = append(s.where, int32(k)), append(s.value, v)
			}
		}
		s.Rows++
		s.start = append(s.start, len(s.value))
	}
}

// Transpose sets s (k×m) to aᵀ, of a (m×k). The columns of a are counted
// first, so that each number can be put at once where it belongs.
func (s *Sparse) Transpose(a *Sparse) {
	s.Reset(a.Rows)
	s.Rows = a.Cols
	s.start = slices.Grow(s.start[:0], s.Rows+1)[:s.Rows+1]
	s.where = slices.Grow(s.where, len(a.where))[:len(a.where)]
	s.value = slices.Grow(s.value, len(a.value))[:len(a.value)]
	clear(s.start)
	for _, k := range a.where {
		s.start[k+1]++
	}
	for k := range s.Rows {
		s.start[k+1] += s.start[k]
	}
	// Now row k begins at start[k]. While it is filled, start[k] is where its
	// next number goes; at the end that is where row k+1 begins.
	for i := range a.Rows {
		for q := a.start[i]; q < a.start[i+1]; q++ {
			p := &s.start[a.where[q]]
			s.where[*p], s.value[*p] = int32(i), a.value[q]
			*p++
		}
	}
	copy(s.start[1:], s.start)
	s.start[0] = 0
}

// String gives the shape of s.
func (s *Sparse) String() string { return fmt.Sprintf("%d×%d", s.Rows, s.Cols) }
