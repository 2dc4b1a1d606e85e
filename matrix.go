package main

import "fmt"

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
// Numbers that are 0 are left out and cost nothing, which is most of the
// speed of this program: four fifths of an image of a digit is exactly 0.
// (Left out even where b is infinite, though 0·∞ is NaN: SGD looks for
// weights that are not finite among the weights themselves.)
func (c *Matrix) Mul(a, b *Matrix) {
	if a.Cols != b.Rows || c.Rows != a.Rows || c.Cols != b.Cols {
		panicShapes("Mul", "c = a·b", c, a, b)
	}
	var scale [block]float64
	var which [block]int
	clear(c.Data)
	for i := range a.Rows {
		row := a.Row(i)
		for k0 := 0; k0 < a.Cols; k0 += block {
			n := 0
			for k := k0; k < min(k0+block, a.Cols); k++ {
				scale[n], which[n] = row[k], k
				if row[k] != 0 {
					n++
				}
			}
			addRows(c.Row(i), scale[:n], b, which[:n])
		}
	}
}

// AddTMul adds s times the product aᵀ·b to c:
//
//	c (k×n) += s · aᵀ (k×m) · b (m×n)
//
// aᵀ is never built. Row k of c gains rows of b, each scaled by s times a
// number of column k of a, and again a 0 is left out: a pixel that is 0 in
// every image of a mini-batch leaves its row of weights untouched.
func (c *Matrix) AddTMul(s float64, a, b *Matrix) {
	if a.Rows != b.Rows || c.Rows != a.Cols || c.Cols != b.Cols {
		panicShapes("AddTMul", "c += s·aᵀ·b", c, a, b)
	}
	var scale [block]float64
	var which [block]int
	for i0 := 0; i0 < a.Rows; i0 += block {
		for k := range a.Cols {
			n := 0
			for i := i0; i < min(i0+block, a.Rows); i++ {
				v := a.Data[i*a.Cols+k]
				scale[n], which[n] = s*v, i
				if v != 0 {
					n++
				}
			}
			addRows(c.Row(k), scale[:n], b, which[:n])
		}
	}
}

// block is how many numbers of the left operand Mul and AddTMul look through
// before they use the ones that are not 0: their list then stays on the stack
// and in the first-level cache (2 KB of numbers, 2 KB of indexes).
//
// Looking first and multiplying later is faster than an if around the
// multiplication. Where the ink of an image begins and ends cannot be
// guessed, and a processor that guesses wrong throws away some 15 cycles of
// work; "if v != 0 { n++ }" alone needs no guess, for the compiler turns it
// into an addition of 0 or 1.
const block = 256

// addRows is the loop nearly all the time of training is spent in:
//
//	dst[j] += Σ over q of scale[q] · m[which[q]][j]      for every j
//
// It takes four rows at a time. dst is then read and written once for four
// multiplications rather than once for each, and the four products have sums
// of their own to wait for before they meet: half the time of one row at a
// time.
func addRows(dst, scale []float64, m *Matrix, which []int) {
	for len(scale) >= 4 && len(which) >= 4 {
		s0, s1, s2, s3 := scale[0], scale[1], scale[2], scale[3]
		r0 := m.Row(which[0])[:len(dst)] // [:len(dst)] shows the compiler that
		r1 := m.Row(which[1])[:len(dst)] // every r[j] below exists, and it
		r2 := m.Row(which[2])[:len(dst)] // leaves the checks out of the loop
		r3 := m.Row(which[3])[:len(dst)]
		for j := range dst {
			dst[j] += (s0*r0[j] + s1*r1[j]) + (s2*r2[j] + s3*r3[j])
		}
		scale, which = scale[4:], which[4:]
	}
	for q, s := range scale {
		row := m.Row(which[q])[:len(dst)]
		for j := range dst {
			dst[j] += s * row[j]
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

// Sub sets m to a − b, number by number; all three have one shape.
func (m *Matrix) Sub(a, b *Matrix) {
	if m.Rows != a.Rows || m.Cols != a.Cols || a.Rows != b.Rows || a.Cols != b.Cols {
		panicShapes("Sub", "m = a − b", m, a, b)
	}
	for i, v := range a.Data {
		m.Data[i] = v - b.Data[i]
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
func panicShapes(operation, formula string, shapes ...*Matrix) {
	panic(fmt.Sprintf("matrix: %s: shapes do not fit %s: %v", operation, formula, shapes))
}
