// This file is the book's mnist_loader.py: it makes three data sets from a gzip'd
// pickle, and says what is wrong with a file that does not hold them.
//
// The way of a pixel, from a file to its weight:
//
//   - command.loadData opens the file, and LoadData reads it.
//   - readPickle inflates the file (files.Gunzip), and has pickle.Read put the pixel,
//     with all others of its set, into one array.
//   - dataSets takes the three pairs of images and labels apart, and maker.dataSet one
//     pair: images come in one array (maker.matrix) or in a list of arrays (maker.list),
//     and maker.labels reads the digits they show.
//   - maker.images goes through an array, image by image. maker.ink keeps the pixel, if it
//     is not 0, with its place in the image: as one number of a SparseRow, one of
//     DataSet.Images.
//   - In every epoch MiniBatch.Load, by Gather, makes that row a row of a mini-batch.
//     With -shift or -distort, Settings.Change puts a changed one in its place.
//   - MulAddSparse multiplies the pixel by a row of the first weights: the row whose
//     number is the pixel's place. AddTMulSparse changes that row.

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"runtime/debug"
	"slices"

	"digits/internal/files"
	"digits/internal/pickle"
)

// LoadData reads the training, validation and test digits from r, a gzip'd
// Python pickle of three pairs (images, labels), as in the book's
// mnist.pkl.gz; or of two, training and test, as in Keras' old one: then there
// are no validation digits. The pairs, and the three of them, may be tuples or lists.
//
//	images  a numpy array, n×784 or n×28×28, or of any other number of pixels,
//	        the same in all sets; or a list of arrays of one dimension, as the book's
//	        expand_mnist.py makes them. float32 or float64, from 0 (paper) to 1
//	        (ink); or uint8, divided here by 256: so the book's file was made.
//	labels  a numpy array of any integer type, or a list of ints, Python's or
//	        numpy's: the digit each image shows, 0 to 9.
//
// Errors begin with name, and say where the fault is, at which byte of the pickle or in
// which set and row, and, if there is a remedy, what to do. Nothing is returned before
// the checksum at the end of the file has been found right.
func LoadData(name string, r io.Reader) (training, validation, test *DataSet, err error) {
	before := debug.SetMemoryLimit(-1) // asks
	debug.SetMemoryLimit(min(before, collectAt))
	defer debug.SetMemoryLimit(before)
	pickled, err := readPickle(name, r)
	if err == nil {
		training, validation, test, err = dataSets(name, pickled)
	}
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", name, files.Bare(err))
	}
	return training, validation, test, nil
}

// A DataSet is a number of images of digits, and the digit each one shows.
type DataSet struct {
	Labels []uint8     // of each image, 0 to 9
	Pixels int         // in each image
	Images []SparseRow // of each image, the pixels that are not 0: a fifth of all there are in MNIST
}

// Len returns the number of images.
func (d *DataSet) Len() int { return len(d.Labels) }

// Gather sets x (m×Pixels) to the images which[0] … which[m-1], one per row, as
// they are, not copies of them, and y (m×10 or wider) to the output desired for
// each: 1 in the column of its digit, 0 elsewhere (the book's vectorized_result).
func (d *DataSet) Gather(which []int, x *Sparse, y *Matrix) {
	if y.Rows != len(which) {
		panic(fmt.Sprintf("loader: Gather: y is %v for %d images", y, len(which)))
	}
	x.Rows, x.Cols = x.Rows[:0], d.Pixels
	clear(y.Data)
	for row, i := range which {
		x.Rows = append(x.Rows, d.Images[i])
		y.Row(row)[d.Labels[i]] = 1
	}
}

// Image returns the pixels of image i, from 0 to 1, also those that are 0.
func (d *DataSet) Image(i int) []float64 {
	pixels := make([]float64, d.Pixels)
	for q, k := range d.Images[i].Where {
		pixels[k] = float64(d.Images[i].Value[q])
	}
	return pixels
}

// Correct returns how many of the answers, one for each image, are the digit it shows.
func (d *DataSet) Correct(answers []int) (correct int) {
	for i, answer := range answers {
		if answer == int(d.Labels[i]) {
			correct++
		}
	}
	return correct
}

// Part returns n of the images, or all if there are no more, at equal distances: so a set
// that is sorted by its digits has some of all of them.
func (d *DataSet) Part(n int) *DataSet {
	if d.Len() <= n {
		return d
	}
	part := &DataSet{Pixels: d.Pixels}
	for i := range n {
		at := int(int64(i) * int64(d.Len()) / int64(n)) // an int may have 32 bits, too few for the product
		part.Labels, part.Images = append(part.Labels, d.Labels[at]), append(part.Images, d.Images[at])
	}
	return part
}

// Width returns the width of the images, which is their height, or 0 if they
// are not squares.
func (d *DataSet) Width() int {
	w := int(math.Sqrt(float64(d.Pixels)))
	if w*w != d.Pixels {
		return 0
	}
	return w
}

// mostlyInk reports whether most pixels are above ½, as where 1 is paper and 0 is ink. Of
// MNIST's pixels an eighth are.
func (d *DataSet) mostlyInk() bool {
	above := 0
	for _, image := range d.Images {
		for _, v := range image.Value {
			if v > 0.5 {
				above++
			}
		}
	}
	return above > d.Len()*d.Pixels/2
}

// readPickle inflates r, the file called name, and reads the pickle in it. After an
// error in the pickle it reads on to the checksum at the end of the file: if that is
// wrong as well, the file is damaged, and that is the error to report.
func readPickle(name string, r io.Reader) (any, error) {
	file := bufio.NewReader(r)
	kind, err := files.Peek(file)
	switch {
	case err != nil:
		return nil, err
	case kind == nil:
		head, _ := file.Peek(4)
		return nil, fmt.Errorf("not a gzip file but one that begins %q", head)
	case kind != files.Gzip:
		return nil, fmt.Errorf("not a gzip file but %s; %s", kind.What, kind.Mend(name))
	}
	unzipped, err := files.Gunzip(file)
	if err != nil {
		return nil, err
	}
	inflated := bufio.NewReader(unzipped)
	kind, _ = files.Peek(inflated) // the next read returns its error
	var v any
	if kind != nil && kind != files.Empty && kind != files.Pickle {
		err = fmt.Errorf("in the gzip is no pickle but %s; %s", kind.What, kind.Mend(name))
	} else {
		v, err = pickle.Read(inflated, pickle.DefaultLimits)
	}
	var unsupported *pickle.UnsupportedError
	if errors.As(err, &unsupported) {
		if mend := files.MendPickle(unsupported.Module, unsupported.TextForm, name); mend != "" {
			err = fmt.Errorf("%w; %s", err, mend)
		}
	}
	if err != nil {
		if _, e := io.CopyN(io.Discard, inflated, pickle.DefaultLimits.Memory); e != nil && e != io.EOF {
			return nil, e
		}
	}
	return v, err
}

// dataSets makes the three data sets of the object in a pickle, the file called name.
func dataSets(name string, pickled any) (training, validation, test *DataSet, err error) {
	pairs, ok := pickle.Items(pickled)
	which := []int{2, 1, 0} // the small sets first: their arrays are garbage when the large one needs memory
	switch {
	case ok && len(pairs) == 2: // training and test: Keras' old file has no validation digits
		pairs, which = []any{pairs[0], nil, pairs[1]}, []int{2, 0}
	case !ok || len(pairs) != 3:
		mend := ""
		if _, isDict := pickled.(*pickle.Dict); isDict {
			mend = "; " + files.Pickle.Mend(name)
		}
		return nil, nil, nil, fmt.Errorf("the pickle holds %s, want three data sets: training, validation, test%s",
			pickle.Describe(pickled), mend)
	}
	var sets [3]*DataSet
	m := maker{made: map[*pickle.Array][]SparseRow{}}
	for _, s := range which {
		set := [3]string{"training", "validation", "test"}[s]
		if sets[s], err = m.dataSet(set, pairs[s]); err != nil {
			return nil, nil, nil, err
		}
		if sets[s].Len() == 0 && s != 1 {
			return nil, nil, nil, fmt.Errorf("the %s set is empty", set)
		}
		if sets[s].Pixels != sets[2].Pixels {
			return nil, nil, nil, fmt.Errorf("%s images have %d pixels, but test images %d",
				set, sets[s].Pixels, sets[2].Pixels)
		}
	}
	if sets[1] == nil {
		sets[1] = &DataSet{Pixels: sets[2].Pixels}
	}
	return sets[0], sets[1], sets[2], nil
}

const (
	maxPixels = 1 << 16    // of one image: a place in it is a uint16
	maxInk    = 60_000_000 // pixels that are not 0, at 6 bytes each; MNIST has 10.5 million in its 70,000 images
	imageRoom = 12         // each image counts as so many pixels more: two slices, and what the allocator adds
	maxImages = maxInk / imageRoom
	rounding  = 1e-6 // a pixel that was computed may miss 0 or 1 by so much
)

// collectAfter is how many pixels are read before garbage is collected: 64 MB of MNIST's.
// After an array of several images, garbage is collected as well.
const collectAfter = 1 << 24

// collectAt is how much memory there is when Go begins to collect garbage whenever there is
// some. Otherwise it would wait until there is as much garbage as there is in use.
const collectAt = 1_400_000_000

// A maker makes data sets of arrays. One array may belong to two sets, or stand twice
// in a list, so the maker remembers the images that it has made of each.
type maker struct {
	made   map[*pickle.Array][]SparseRow
	taken  int       // of maxInk
	behind int       // pixels read since the last collection of garbage
	pixels []float64 // of one image
	image  SparseRow // the ink of one image
}

// dataSet makes the data set called set of a pair (images, labels).
func (m *maker) dataSet(set string, pickled any) (*DataSet, error) {
	pair, ok := pickle.Items(pickled)
	if !ok || len(pair) != 2 {
		return nil, fmt.Errorf("the %s set is %s, want a pair (images, labels)", set, pickle.Describe(pickled))
	}
	d := &DataSet{}
	var err error
	switch images := pair[0].(type) {
	case *pickle.List:
		d.Images, d.Pixels, err = m.list(set, images.Items)
	case *pickle.Array:
		d.Images, d.Pixels, err = m.matrix(set, images)
	default:
		err = notImages(set, images)
	}
	if err != nil {
		return nil, err
	}
	d.Labels, err = m.labels(set, pair[1], len(d.Images))
	return d, err
}

// notImages returns the error about something that holds no images.
func notImages(set string, v any) error {
	return fmt.Errorf("%s images are %s, want an array of two dimensions: images.reshape(len(images), -1)",
		set, pickle.Describe(v))
}

// matrix returns the images in an array of two dimensions, or of three, and how many
// pixels each of them has.
func (m *maker) matrix(set string, a *pickle.Array) (images []SparseRow, pixels int, err error) {
	if len(a.Shape) != 2 && len(a.Shape) != 3 {
		return nil, 0, notImages(set, a)
	}
	n := int64(a.Shape[1]) // an int may have 32 bits, too few for a product
	if len(a.Shape) == 3 {
		n *= int64(a.Shape[2])
	}
	pixels = int(min(n, maxPixels+1))
	images, err = m.images(set, 0, a, pixels)
	return images, pixels, err
}

// list returns the images in a list of arrays of one dimension, and how many pixels
// each of them has.
func (m *maker) list(set string, items []any) (images []SparseRow, pixels int, err error) {
	if len(items) == 0 {
		return nil, 0, notImages(set, &pickle.List{})
	}
	images = make([]SparseRow, 0, min(len(items), maxImages))
	for i, item := range items {
		a, ok := item.(*pickle.Array)
		if !ok || len(a.Shape) != 1 {
			return nil, 0, fmt.Errorf("%s images, row %d: %s, want an array of one dimension",
				set, i, pickle.Describe(item))
		}
		if i == 0 {
			pixels = a.Shape[0]
		}
		if a.Shape[0] != pixels {
			return nil, 0, fmt.Errorf("%s images, row %d: %d pixels, but the first has %d", set, i, a.Shape[0], pixels)
		}
		image, err := m.images(set, i, a, pixels)
		if err != nil {
			return nil, 0, err
		}
		images = append(images, image...)
	}
	return images, pixels, nil
}

// images returns the images in a, each of so many pixels; the first of them is row
// first of the set. It lets go of the pixels that it has read: their memory is wanted
// for those that follow, long before Go would think of collecting it.
func (m *maker) images(set string, first int, a *pickle.Array, pixels int) ([]SparseRow, error) {
	if pixels < 1 || pixels > maxPixels || a.Type.Kind == 'i' || a.Type.Kind == 'u' && a.Type.Size > 1 {
		return nil, fmt.Errorf("%s images are %s, want 1 to %d pixels of float32, float64 or uint8",
			set, pickle.Describe(a), maxPixels)
	}
	images, known := m.made[a]
	n := a.Len() / pixels
	if !known {
		images = make([]SparseRow, 0, min(n, maxImages))
	}
	for i := range n {
		if !known {
			image, err := m.ink(a, i*pixels, pixels)
			if err != nil {
				return nil, fmt.Errorf("%s images, row %d, %w", set, first+i, err)
			}
			images = append(images, image)
			if m.behind += pixels; m.behind > collectAfter || i == n-1 && n > 1 {
				a.Release((i + 1) * pixels)
				runtime.GC()
				m.behind = 0
			}
		}
		if m.taken += len(images[i].Where) + imageRoom; m.taken > maxInk {
			return nil, fmt.Errorf("%s images, row %d: more than %d pixels that are not 0 in all, where an image counts as %d more",
				set, first+i, maxInk, imageRoom)
		}
	}
	a.Release(n * pixels)
	m.made[a] = images
	return images, nil
}

// ink returns an image whose pixels are the elements from, from+1, … of a: those that
// are not 0.
func (m *maker) ink(a *pickle.Array, from, pixels int) (SparseRow, error) {
	m.pixels = slices.Grow(m.pixels[:0], pixels)[:pixels]
	a.Floats(m.pixels, from)
	where, value := m.image.Where[:0], m.image.Value[:0]
	for k, v := range m.pixels {
		if v == 0 {
			continue
		}
		if a.Type.Kind == 'u' {
			v /= 256
		}
		if !(v >= -rounding && v <= 1+rounding) { // written so that NaN is refused as well
			mend := ""
			if v > 1 && v <= 255 {
				mend = "; if they are from 0 to 255: images / 255"
			}
			return SparseRow{}, fmt.Errorf("pixel %d: %v is not from 0 to 1%s", k, v, mend)
		}
		if ink := float32(min(max(v, 0), 1)); ink != 0 {
			where, value = append(where, uint16(k)), append(value, ink)
		}
	}
	m.image = SparseRow{where, value} // its memory serves again
	return SparseRow{slices.Clone(where), slices.Clone(value)}, nil
}

// labels returns the labels of the n images of the data set called set: an array or a
// list of integers from 0 to 9. An array that was read as images is refused, because it
// has been let go.
func (m *maker) labels(set string, pickled any, n int) ([]uint8, error) {
	items, isSequence := pickle.Items(pickled)
	a, isArray := pickled.(*pickle.Array)
	if _, isImages := m.made[a]; isImages {
		return nil, fmt.Errorf("%s labels are an array that is among the images, too", set)
	}
	if !isSequence && (!isArray || len(a.Shape) != 1 || a.Type.Kind == 'f') {
		return nil, fmt.Errorf("%s labels are %s, want an array of one dimension, or a list, of integers",
			set, pickle.Describe(pickled))
	}
	count := len(items)
	if isArray {
		count = a.Len()
	}
	if count != n {
		return nil, fmt.Errorf("the %s set has %d images but %d labels", set, n, count)
	}
	labels := make([]uint8, n)
	for i := range labels {
		var v any
		if isArray {
			v = a.Value(i)
		} else {
			v = items[i]
		}
		digit, ok := v.(int64)
		if !ok || digit < 0 || digit > 9 {
			return nil, fmt.Errorf("%s labels, row %d: %s is not a digit from 0 to 9", set, i, pickle.Describe(v))
		}
		labels[i] = uint8(digit)
	}
	return labels, nil
}
