// Generate draws handwritten-looking digits and writes data/digits.pkl.gz, the
// digits built into the program: 12,000 to train on, 2,000 to validate with and
// 2,000 to test with, in exactly MNIST's format. Run it from the root of the
// repository; it takes some ten seconds and draws the same digits every time:
//
//	go run ./data/generate
//
// Given the names of two files, it reads the digits in the first and writes the second, with
// 10,000 digits more to train on, whose 1s, 7s and 9s are European ones (more.go):
//
//	go run ./data/generate data/mnist.pkl.gz data/more.pkl.gz
//
// Nothing here is copied from anybody's handwriting: internal/strokes knows the forms
// people write digits in, and draw.go makes a picture of one. This file arranges the
// pictures into sets and writes them as Python would: a gzip'd pickle of numpy arrays.
package main

import (
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"digits/internal/files"
	"digits/internal/pickle"
	"digits/internal/show"
	"digits/internal/strokes"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("generate: ")
	path := filepath.Join("data", "digits.pkl.gz")
	var err error
	switch args := os.Args[1:]; len(args) {
	case 0:
		err = generate(path)
	case 2:
		path = args[1]
		err = enlarge(args[0], path, more)
	default:
		log.Fatal("want the names of two files, the digits to read and the file to write, or none")
	}
	if err != nil {
		log.Fatal(show.Line(err.Error()))
	}
	fmt.Println(show.Name(path))
}

// generate draws the digits built into the program, and writes them to the file called path.
func generate(path string) error {
	rng := rand.New(rand.NewPCG(1, 0)) // the only source of chance
	var sets [3]set
	for s, n := range []int{12000, 2000, 2000} {
		sets[s].draw(rng, n, strokes.Draw)
	}
	return writeSets(path, sets)
}

// A set is a number of digits, in the bytes that the numpy arrays of a file have.
type set struct {
	images []byte // of each digit, 784 float32 from 0, paper, to 255/256, full ink
	labels []byte // of each digit, an int64: the digit meant, 0 to 9
}

// draw adds n digits to the set, as the hand writes them: as many of each as of any other,
// in shuffled order.
func (s *set) draw(rng *rand.Rand, n int, hand func(*rand.Rand, int) [][]strokes.Point) {
	for _, k := range rng.Perm(n) {
		digit := k % 10
		s.add(draw(rng, hand(rng, digit)), digit)
	}
}

// add adds one digit to the set.
func (s *set) add(picture [pixels]float32, digit int) {
	for _, v := range picture {
		s.images = binary.LittleEndian.AppendUint32(s.images, math.Float32bits(v))
	}
	s.labels = binary.LittleEndian.AppendUint64(s.labels, uint64(digit))
}

// writeSets writes the training, validation and test set to the file called path.
func writeSets(path string, sets [3]set) error {
	var pairs pickle.Tuple
	for _, s := range sets {
		n := len(s.labels) / 8
		pairs = append(pairs, pickle.Tuple{
			pickle.NewArray(pickle.Type{Kind: 'f', Size: 4}, s.images, n, pixels),
			pickle.NewArray(pickle.Type{Kind: 'i', Size: 8}, s.labels, n),
		})
	}
	err := files.Replace(path, func(w io.Writer) error {
		z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
		if err != nil {
			return err
		}
		if err := pickle.Write(z, pairs); err != nil {
			return err
		}
		return z.Close()
	})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
