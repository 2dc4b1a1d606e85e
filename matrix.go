// This file is where the time goes: the matrix, the images, the products of which a
// network is made, and the loops inside them. Its code knows nothing of networks, but
// its parameters have the names that the same things have in one; x is the input of a
// layer.
//
// Shapes are written rows×columns. A mini-batch of m examples on its way from
// nIn neurons to nOut meets the weights w (nIn×nOut) in three products:
//
//	forward   f(x (m×nIn) · w (nIn×nOut) + b (1×nOut))    (m×nOut)    MulAdd, MulAddSparse
//	back      δ (m×nOut) · wᵀ (nOut×nIn) ⊙ f(a (m×nIn))   (m×nIn)     MulT
//	the step  w += s · xᵀ (nIn×m) · δ (m×nOut)            (nIn×nOut)  AddTMul, AddTMulSparse
//
// On the way forward f computes σ(z). On the way back f computes σ′(z), from a = σ(z). No
// dense matrix is ever transposed: every loop runs along the rows of its matrices. (Of
// images it may pay to list the columns, see columns.)
//
// The cores of the machine share a product if it is large enough; cores.Share hands out
// parts of it, and waits until all are done: there the cores meet. These are the products
// of a mini-batch of 10 with 784-30-10, in their order. Two cores share six of them, so
// they meet six times. (With a λ, Scale is a seventh.) An image has some 150 pixels that
// are not 0, and one σ takes as long as 20 multiplications.
//
//	product                             multiplications            each of two cores takes
//	MulAddSparse, two products (22)     10·150·30     = 45,000     a band of pixels
//	MulAddSparse, their sum, σ          10·30·20      =  6,000     5 images
//	MulAdd (22)                         10·10·(30+20) =  5,000     5 images
//	Zip (BP1)                           10·10         =    100     never shared
//	MulT (BP2)                          10·30·10      =  3,000     5 images
//	AddSum (BP3)                        10·30         =    300     too little to share
//	AddTMulSparse (BP4)                 10·150·30     = 45,000     a band of pixels
//	AddSum (BP3)                        10·10         =    100     too little to share
//	AddTMul (BP4)                       30·10·10      =  3,000     15 rows of weights
//
// Each part is rows of a result (of AddSum, columns of its one row). So one core computes
// each number whole, in an order that does not depend on the parts: the result is the same
// to the last bit, however many cores there are. The result of the first line is two
// products, one for each band, on one core as well; the second line adds them.

package main

import (
	"fmt"
	"sort"

	"digits/internal/cores"
)

// A Matrix is a dense matrix of float64, stored row after row in one slice.
//
// Row i is Data[i*Cols : (i+1)*Cols], so a loop along a row runs along
// memory, where the processor is fastest.
//
// A shape that does not fit is a mistake in the program, not in its input:
// every method panics if the shapes do not fit, and names the operation and the
// shapes.
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
// of another length. If the number of rows changes, the numbers mean nothing afterwards.
// It panics if m was not made with room for that many rows.
func (m *Matrix) SetRows(rows int) {
	if rows < 0 || rows*m.Cols > cap(m.Data) {
		panic(fmt.Sprintf("matrix: SetRows: %d rows asked of a %v with room for %d numbers", rows, m, cap(m.Data)))
	}
	m.Rows, m.Data = rows, m.Data[:rows*m.Cols]
}

// MulAdd sets z to f(x·w + b), where b is added to every row. f is given a slice of
// several rows, and overwrites its numbers.
//
//	for i in rows of z, j in columns of z
//		z[i][j] = 0
//		for k in columns of x
//			z[i][j] += x[i][k] · w[k][j]
//		z[i][j] = f(z[i][j] + b[j])
//
// In the code the loop over j is the inner one, so that it runs along rows: row i of x·w is
// the sum of the rows of w, each scaled by a number of row i of x. Four rows are added
// at a time, by add4.
func (z *Matrix) MulAdd(f func(numbers []float64), x, w, b *Matrix) {
	if x.Cols != w.Rows || z.Rows != x.Rows || z.Cols != w.Cols || b.Rows != 1 || b.Cols != z.Cols {
		panicShapes("MulAdd", "z = f(x·w + b)", z, x, w, b)
	}
	cores.Share(z.Rows, z.Rows*z.Cols*(x.Cols+workOfExp), func(from, to int) {
		for i := from; i < to; i++ {
			xi, zi := x.Row(i), z.Row(i)
			clear(zi)
			k := 0
			for ; k+4 <= len(xi); k += 4 {
				add4(zi, xi[k], xi[k+1], xi[k+2], xi[k+3], w.Row(k), w.Row(k+1), w.Row(k+2), w.Row(k+3))
			}
			for ; k < len(xi); k++ {
				add1(zi, xi[k], w.Row(k))
			}
			add1(zi, 1, b.Data) // scaled by 1
		}
		f(z.Data[from*z.Cols : to*z.Cols])
	})
}

// workOfExp is how many multiplications take as long as σ, most of which is e^−z.
const workOfExp = 20

// MulT sets out to δ·wᵀ ⊙ f(a), where f is given one number at a time:
//
//	for i in rows of out, j in columns of out
//		out[i][j] = 0
//		for k in columns of δ
//			out[i][j] += δ[i][k] · w[j][k]
//		out[i][j] *= f(a[i][j])
//
// The inner loop is the dot product of row i of δ and row j of w, both of which lie
// along memory. Four dot products are computed at once: a core can begin an addition
// before the last one has ended, but not an addition to the same sum.
func (out *Matrix) MulT(f func(float64) float64, delta, w, a *Matrix) {
	if delta.Cols != w.Cols || out.Rows != delta.Rows || out.Cols != w.Rows || a.Rows != out.Rows || a.Cols != out.Cols {
		panicShapes("MulT", "out = δ·wᵀ ⊙ f(a)", out, delta, w, a)
	}
	cores.Share(out.Rows, out.Rows*delta.Cols*out.Cols, func(from, to int) {
		for i := from; i < to; i++ {
			d, o, j := delta.Row(i), out.Row(i), 0
			for ; j+4 <= len(o); j += 4 {
				w0, w1 := w.Row(j)[:len(d)], w.Row(j + 1)[:len(d)] // as long as d: see add4
				w2, w3 := w.Row(j + 2)[:len(d)], w.Row(j + 3)[:len(d)]
				var s0, s1, s2, s3 float64
				for k, v := range d {
					s0 += v * w0[k]
					s1 += v * w1[k]
					s2 += v * w2[k]
					s3 += v * w3[k]
				}
				o[j], o[j+1], o[j+2], o[j+3] = s0, s1, s2, s3
			}
			for ; j < len(o); j++ {
				wj := w.Row(j)[:len(d)]
				o[j] = 0
				for k, v := range d {
					o[j] += v * wj[k]
				}
			}
			for j, v := range a.Row(i) {
				o[j] *= f(v)
			}
		}
	})
}

// AddTMul adds s·xᵀ·δ to w:
//
//	for k in rows of w, j in columns of w
//		for i in rows of x
//			w[k][j] += s · x[i][k] · δ[i][j]
//
// In the code the loop over j is the inner one, and the loop over i the outer one: row k of w
// gains the rows of δ, each scaled by s times a number of column k of x. Four rows of δ
// are added at a time.
func (w *Matrix) AddTMul(s float64, x, delta *Matrix) {
	if x.Rows != delta.Rows || w.Rows != x.Cols || w.Cols != delta.Cols {
		panicShapes("AddTMul", "w += s·xᵀ·δ", w, x, delta)
	}
	cores.Share(w.Rows, w.Rows*x.Rows*w.Cols, func(from, to int) {
		i := 0
		for ; i+4 <= x.Rows; i += 4 {
			x0, x1, x2, x3 := x.Row(i), x.Row(i+1), x.Row(i+2), x.Row(i+3)
			d0, d1, d2, d3 := delta.Row(i), delta.Row(i+1), delta.Row(i+2), delta.Row(i+3)
			for k := from; k < to; k++ {
				add4(w.Row(k), s*x0[k], s*x1[k], s*x2[k], s*x3[k], d0, d1, d2, d3)
			}
		}
		for ; i < x.Rows; i++ {
			xi, d := x.Row(i), delta.Row(i)
			for k := from; k < to; k++ {
				add1(w.Row(k), s*xi[k], d)
			}
		}
	})
}

// Images.

// A SparseRow is a row most of whose numbers are 0. The others are numbered q = 0, 1, …:
// number q is Value[q], and stands in column Where[q]. The columns ascend.
type SparseRow struct {
	Where []uint16
	Value []float32
}

// A Sparse is a matrix of sparse rows, such as the images of a mini-batch: in an image
// of a digit, four fifths of the pixels are exactly 0.
//
// Neither these pixels nor their weights are looked at, and that is most of the speed
// of this program. It is right, because such a pixel x[i][k] adds nothing: on the way
// forward x[i][k] · w[k][j] is 0, and in the step s · x[i][k] · δ[i][j] is 0. (But 0 times
// a weight that is infinite would be NaN. SGD looks for such weights itself.)
type Sparse struct {
	Rows []SparseRow
	Cols int
}

// boundary returns the column that products of images are cut at, into two bands of
// pixels. Half of MNIST's ink is above row 14½ of the 28 rows of an image, and 14½/28 =
// 29/56. So two cores have the same to do.
func (x *Sparse) boundary() int { return x.Cols * 29 / 56 }

// bandColumn maps 0 … 2·Cols to the columns of x, so that 0 … Cols is the first band
// and Cols … 2·Cols the second. Share cuts its range into equal parts. An even number of
// cores have a cut in the middle of the range, which bandColumn maps to the boundary.
func (x *Sparse) bandColumn(t int) int {
	// In int64: an int of 32 bits is too short for the product of two numbers of columns.
	cut := int64(x.boundary())
	if t <= x.Cols {
		return int(int64(t) * cut / int64(max(1, x.Cols)))
	}
	return int(cut + int64(t-x.Cols)*(int64(x.Cols)-cut)/int64(x.Cols))
}

// A Space is the scratch memory of the products of images. It is used again for
// mini-batch after mini-batch.
type Space struct {
	second  Matrix  // for MulAddSparse: the product of the second band
	columns columns // for AddTMulSparse
}

// MulAddSparse sets z to f(x·w + b), as MulAdd does, for images x. Of an image, k goes
// only through the pixels that are not 0:
//
//	for i in rows of z, j in columns of z
//		z[i][j] = 0
//		for k in the pixels of image i
//			z[i][j] += x[i][k] · w[k][j]
//		z[i][j] = f(z[i][j] + b[j])
//
// It makes two products, one of the first band of pixels and one of the second, each in
// rows of its own, and then adds them up, b last. One core alone makes two products as
// well, so the bits are the same.
//
// The bands are there because of AddTMulSparse. In the previous step, AddTMulSparse wrote
// the weights, also in bands, so that each of two cores mostly has its own band of them in
// its own cache. If images were shared out instead, each core would need all the weights,
// half of them from the other core's cache: measured on two cores, that takes as long as
// the second core saves.
func (z *Matrix) MulAddSparse(f func(numbers []float64), x *Sparse, w, b *Matrix, space *Space) {
	m := len(x.Rows)
	if x.Cols != w.Rows || z.Rows != m || z.Cols != w.Cols || b.Rows != 1 || b.Cols != z.Cols {
		panicShapes("MulAddSparse", "z = f(x·w + b)", z, x, w, b)
	}
	if cap(space.second.Data) < len(z.Data) {
		space.second.Data = make([]float64, len(z.Data))
	}
	space.second = Matrix{m, z.Cols, space.second.Data[:len(z.Data)]}
	second, cut := &space.second, x.boundary()
	cores.Share(2*m, x.count()*z.Cols, func(from, to int) {
		for i := from; i < to; i++ { // row i of the first product, or row i−m of the second
			if i < m {
				clear(z.Row(i))
				addRows(z.Row(i), 1, x.Rows[i].between(0, cut), w.Data)
			} else {
				clear(second.Row(i - m))
				addRows(second.Row(i-m), 1, x.Rows[i-m].between(cut, x.Cols), w.Data)
			}
		}
	})
	cores.Share(m, workOfExp*len(z.Data), func(from, to int) {
		for i := from; i < to; i++ {
			add1(z.Row(i), 1, second.Row(i))
			add1(z.Row(i), 1, b.Data)
		}
		f(z.Data[from*z.Cols : to*z.Cols])
	})
}

// AddTMulSparse adds s·xᵀ·δ to w, as AddTMul does, for images x. For a pixel k, i goes
// only through the images in which it is not 0:
//
//	for k in rows of w, j in columns of w
//		for i in the images that have pixel k
//			w[k][j] += s · x[i][k] · δ[i][j]
//
// There are two ways to go. Short rows of w go image by image: the errors of one image are
// added to the rows of w that belong to its pixels. Rows of 64 numbers and more go pixel
// by pixel: the errors of all images that have a pixel are added to its row of w.
func (w *Matrix) AddTMulSparse(s float64, x *Sparse, delta *Matrix, space *Space) {
	m := len(x.Rows)
	if m != delta.Rows || w.Rows != x.Cols || w.Cols != delta.Cols {
		panicShapes("AddTMulSparse", "w += s·xᵀ·δ", w, x, delta)
	}
	cols := &space.columns
	if w.Cols >= wide {
		cols.grow(x.Cols, min(m, block))
	}
	cores.Share(2*x.Cols, x.count()*w.Cols, func(from, to int) {
		first, end := x.bandColumn(from), x.bandColumn(to) // these pixels, and their rows of w
		if w.Cols < wide {
			for i := range m {
				addToRows(w.Data, s, x.Rows[i].between(first, end), delta.Row(i))
			}
			return
		}
		for i := 0; i < m; i += block {
			cols.collect(x.Rows[i:min(i+block, m)], first, end) // cores collect different columns
			deltas := delta.Data[i*delta.Cols:]
			for k, n := range cols.count[first:end] {
				if n > 0 {
					addRows(w.Row(first+k), s, cols.column(first+k), deltas)
				}
			}
		}
	})
}

// wide is how many numbers a row must have for AddTMulSparse to go pixel by pixel. A row of
// weights is then read and written once for several images, not once for each, but
// first it takes time to find out which images have which pixel. Measured on one core,
// the time of a step pixel by pixel over that image by image, with mini-batches of 10:
// 784-30-10, 1.09; 784-60-10, 1.03; 784-100-10, 0.99; 784-300-10, 0.91; with mini-batches
// of 100: 784-100-10, 0.94; 784-300-10, 0.89; 784-800-10, 0.87.
const wide = 64

// block is how many images AddTMulSparse takes at a time when it goes pixel by
// pixel, so that a mini-batch of thousands does not need columns of thousands.
const block = 50

// count returns how many numbers of x are not 0.
func (x *Sparse) count() (n int) {
	for _, row := range x.Rows {
		n += len(row.Where)
	}
	return n
}

// between returns the numbers of r in the columns from … to−1.
func (r SparseRow) between(from, to int) SparseRow {
	first, end := 0, len(r.Where)
	if end > 0 && int(r.Where[0]) < from {
		first = sort.Search(end, func(q int) bool { return int(r.Where[q]) >= from })
	}
	if end > 0 && int(r.Where[end-1]) >= to {
		end = sort.Search(end, func(q int) bool { return int(r.Where[q]) >= to })
	}
	return SparseRow{r.Where[first:end], r.Value[first:end]}
}

// columns are some sparse rows, sorted by column: the transpose of
//
//	row 0    column 2: 0.5, column 7: 1
//	row 1    column 7: 0.25
//
// is column 2 with 0.5 in row 0, and column 7 with 1 in row 0 and 0.25 in row 1. Column
// k has count[k] numbers; they are value[k*rows], value[k*rows+1], … in the rows
// where[k*rows], where[k*rows+1], …
type columns struct {
	rows  int // how many numbers a column can have
	count []int
	where []uint16
	value []float32
}

// grow makes room for n columns of so many rows.
func (c *columns) grow(n, rows int) {
	c.rows = rows
	if n*rows > len(c.where) || n > len(c.count) {
		c.count, c.where, c.value = make([]int, n), make([]uint16, n*rows), make([]float32, n*rows)
	}
}

// collect sorts the numbers of rows in the columns from … to−1.
func (c *columns) collect(rows []SparseRow, from, to int) {
	count, where, value := c.count, c.where, c.value // locals are faster than fields
	clear(count[from:to])
	for i, row := range rows {
		row = row.between(from, to)
		for q, k := range row.Where {
			at := int(k)*c.rows + count[k]
			where[at], value[at] = uint16(i), row.Value[q]
			count[k]++
		}
	}
}

// column returns column k.
func (c *columns) column(k int) SparseRow {
	first, n := k*c.rows, c.count[k]
	return SparseRow{c.where[first:][:n], c.value[first:][:n]}
}

// The loops inside.

// addRows adds rows to dst, each scaled:
//
//	dst[j] += Σ over q of s · r.Value[q] · row r.Where[q] [j]      for every j
//
// rows has them one after the other, each as long as dst. Four are added at a
// time, then the rest. Each time dst is read and written once, not once for every
// row, and the products do not wait for each other to be added: four at a time take
// half the time of four times one. Eight at a time gain nothing more.
func addRows(dst []float64, s float64, r SparseRow, rows []float64) {
	n, where, value := len(dst), r.Where, r.Value[:len(r.Where)]
	for len(where) >= 4 {
		k, v := where[:4], value[:4]
		add4(dst, s*float64(v[0]), s*float64(v[1]), s*float64(v[2]), s*float64(v[3]),
			rows[int(k[0])*n:], rows[int(k[1])*n:], rows[int(k[2])*n:], rows[int(k[3])*n:])
		where, value = where[4:], value[4:]
	}
	switch len(where) {
	case 3:
		add3(dst, s*float64(value[0]), s*float64(value[1]), s*float64(value[2]),
			rows[int(where[0])*n:], rows[int(where[1])*n:], rows[int(where[2])*n:])
	case 2:
		add2(dst, s*float64(value[0]), s*float64(value[1]), rows[int(where[0])*n:], rows[int(where[1])*n:])
	case 1:
		add1(dst, s*float64(value[0]), rows[int(where[0])*n:])
	}
}

// add4 adds four rows:
//
//	dst[j] += (s0·r0[j] + s1·r1[j]) + (s2·r2[j] + s3·r3[j])      for every j
//
// The two sums in brackets do not wait for each other.
func add4(dst []float64, s0, s1, s2, s3 float64, r0, r1, r2, r3 []float64) {
	// This shows the compiler that every r[j] exists, so it can leave the checks
	// of bounds out of the loop.
	r0, r1, r2, r3 = r0[:len(dst)], r1[:len(dst)], r2[:len(dst)], r3[:len(dst)]
	for j := range dst {
		dst[j] += (s0*r0[j] + s1*r1[j]) + (s2*r2[j] + s3*r3[j])
	}
}

// add3, add2 and add1 are add4 with fewer rows.
func add3(dst []float64, s0, s1, s2 float64, r0, r1, r2 []float64) {
	r0, r1, r2 = r0[:len(dst)], r1[:len(dst)], r2[:len(dst)]
	for j := range dst {
		dst[j] += (s0*r0[j] + s1*r1[j]) + s2*r2[j]
	}
}

func add2(dst []float64, s0, s1 float64, r0, r1 []float64) {
	r0, r1 = r0[:len(dst)], r1[:len(dst)]
	for j := range dst {
		dst[j] += s0*r0[j] + s1*r1[j]
	}
}

func add1(dst []float64, s0 float64, r0 []float64) {
	r0 = r0[:len(dst)]
	for j := range dst {
		dst[j] += s0 * r0[j]
	}
}

// addToRows goes the other way, and adds one row to many:
//
//	row r.Where[q] [j] += s · r.Value[q] · src[j]      for every q and every j
//
// rows has them one after the other, each as long as src. Four at a time, it reads
// src once for all of them. A row gains the same product, rounded in the same way,
// whether it is one of four or alone.
func addToRows(rows []float64, s float64, r SparseRow, src []float64) {
	n, where, value := len(src), r.Where, r.Value[:len(r.Where)]
	for len(where) >= 4 {
		k, v := where[:4], value[:4]
		addTo4(rows[int(k[0])*n:], rows[int(k[1])*n:], rows[int(k[2])*n:], rows[int(k[3])*n:],
			s*float64(v[0]), s*float64(v[1]), s*float64(v[2]), s*float64(v[3]), src)
		where, value = where[4:], value[4:]
	}
	for q, k := range where {
		add1(rows[int(k)*n:][:n], s*float64(value[q]), src)
	}
}

// addTo4 adds src to four rows:
//
//	r0[j] += s0·src[j], r1[j] += s1·src[j], r2[j] += s2·src[j], r3[j] += s3·src[j]      for every j
func addTo4(r0, r1, r2, r3 []float64, s0, s1, s2, s3 float64, src []float64) {
	r0, r1, r2, r3 = r0[:len(src)], r1[:len(src)], r2[:len(src)], r3[:len(src)]
	for j, v := range src {
		r0[j] += s0 * v
		r1[j] += s1 * v
		r2[j] += s2 * v
		r3[j] += s3 * v
	}
}

// The rest.

// Zip sets m to f(a, b), number by number; all three have one shape.
func (m *Matrix) Zip(f func(a, b float64) float64, a, b *Matrix) {
	if m.Rows != a.Rows || m.Cols != a.Cols || a.Rows != b.Rows || a.Cols != b.Cols {
		panicShapes("Zip", "m = f(a, b)", m, a, b)
	}
	for i, v := range a.Data {
		m.Data[i] = f(v, b.Data[i])
	}
}

// AddSum adds s times the sum of the rows of delta (m×n) to the row vector b (1×n).
func (b *Matrix) AddSum(s float64, delta *Matrix) {
	if b.Rows != 1 || b.Cols != delta.Cols {
		panicShapes("AddSum", "b += s·Σ δ", b, delta)
	}
	cores.Share(b.Cols, len(delta.Data), func(from, to int) {
		for i := range delta.Rows {
			add1(b.Data[from:to], s, delta.Row(i)[from:to])
		}
	})
}

// Scale multiplies every number of m by s.
func (m *Matrix) Scale(s float64) {
	cores.Share(m.Rows, len(m.Data), func(from, to int) {
		data := m.Data[from*m.Cols : to*m.Cols]
		for i := range data {
			data[i] *= s
		}
	})
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

// String gives the shape of x.
func (x *Sparse) String() string { return fmt.Sprintf("%d×%d", len(x.Rows), x.Cols) }

// panicShapes panics with the name of an operation, its formula and the
// shapes of the matrices in it, in the formula's order.
func panicShapes(operation, formula string, shapes ...fmt.Stringer) {
	panic(fmt.Sprintf("matrix: %s: shapes do not fit %s: %v", operation, formula, shapes))
}
