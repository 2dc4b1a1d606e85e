package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"

	"digits/internal/files"
	"digits/internal/pickle"
	"digits/internal/strokes"
)

// more is how many digits are added to a file, as many of each as of any other. If only 1s, 7s
// and 9s are added, a network reads some 5 of MNIST's 10,000 test digits fewer; if all ten
// are, some 10 more.
const more = 10000

// enlarge reads the digits in the file called from, and writes them to the file called to
// with n digits more to train on, by a European hand. They come last: SGD shuffles them.
// The digits for validation and test stay as they are, so that the program's score still
// says how well a network reads the digits of the first file.
func enlarge(from, to string, n int) error {
	target, err := files.Output(to, from)
	if err != nil {
		return fmt.Errorf("%s: %w", to, err)
	}
	sets, err := readSets(from)
	if err != nil {
		return fmt.Errorf("%s: %w", from, files.Bare(err))
	}
	rng := rand.New(rand.NewPCG(2, 0)) // not the seed of the digits built in
	sets[0].draw(rng, n, strokes.DrawEuropean)
	return writeSets(target, sets)
}

// readSets reads the training, validation and test set in a file like MNIST's.
func readSets(path string) (sets [3]set, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sets, err
	}
	defer f.Close()
	file := bufio.NewReader(f)
	head, _ := file.Peek(files.HeadSize) // Gunzip returns its error
	if kind := files.Identify(head); kind != nil && kind != files.Gzip {
		return sets, fmt.Errorf("not a gzip file but %s; %s", kind.What, kind.Mend(path))
	}
	inflated, err := files.Gunzip(file)
	if err != nil {
		return sets, err
	}
	pickled, err := pickle.Read(inflated, pickle.DefaultLimits)
	if err != nil {
		return sets, err
	}
	pairs, _ := pickle.Items(pickled)
	ok := len(pairs) == len(sets)
	for s := 0; s < len(sets) && ok; s++ {
		ok = sets[s].read(pairs[s])
	}
	if !ok {
		return sets, fmt.Errorf("want three pairs of images, n×%d float32, and labels, n int64, as in MNIST's file; "+
			"to make such a file: go run ./data/convert %q", pixels, path)
	}
	return sets, nil
}

// read adds the digits of a pair of arrays to the set, and returns whether they are of the
// types and shapes that it has. The program itself reads others, too.
func (s *set) read(pickled any) bool {
	pair, _ := pickle.Items(pickled)
	if len(pair) != 2 {
		return false
	}
	images, areImages := pair[0].(*pickle.Array)
	labels, areLabels := pair[1].(*pickle.Array)
	if !areImages || !areLabels || images.Type.String() != "f4" || labels.Type.String() != "i8" ||
		len(images.Shape) != 2 || images.Shape[1] != pixels || !slices.Equal(labels.Shape, images.Shape[:1]) {
		return false
	}
	row := make([]float64, pixels)
	for i := range images.Shape[0] {
		images.Floats(row, i*pixels)
		var picture [pixels]float32
		for k, v := range row {
			picture[k] = float32(v)
		}
		s.add(picture, int(labels.Value(i).(int64)))
	}
	return true
}
