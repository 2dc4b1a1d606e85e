// Generate draws handwritten-looking digits and writes data/digits.pkl.gz, the
// digits built into the program: 12,000 to train on, 2,000 to validate with and
// 2,000 to test with, in exactly MNIST's format. Run it from the root of the
// repository; it takes some ten seconds and draws the same digits every time:
//
//	go run ./data/generate
//
// Nothing here is copied from anybody's handwriting. Each digit begins as one of
// the forms people write it in, a few points per stroke of the pen, and draw.go
// makes a picture of it. This file arranges the pictures into sets and writes
// them as Python would: a gzip'd pickle of numpy arrays.
package main

import (
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"path/filepath"

	"digits/internal/files"
	"digits/internal/pickle"
)

func main() {
	log.SetFlags(0)
	rng := rand.New(rand.NewPCG(1, 0)) // the only source of chance
	sets := pickle.Tuple{drawSet(rng, 12000), drawSet(rng, 2000), drawSet(rng, 2000)}
	path := filepath.Join("data", "digits.pkl.gz")
	err := files.Replace(path, func(w io.Writer) error {
		z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
		if err != nil {
			return err
		}
		if err := pickle.Write(z, sets); err != nil {
			return err
		}
		return z.Close()
	})
	if err != nil {
		log.Fatalf("generate: %s: %v", path, err)
	}
	fmt.Println(path)
}

// drawSet draws n digits, as many of each as of any other, in shuffled order. It
// returns the pair of their images, n×784 float32 from 0, paper, to 255/256, full ink,
// and their labels, n int64: the digit meant, 0 to 9.
func drawSet(rng *rand.Rand, n int) pickle.Tuple {
	var images, labels []byte
	for _, k := range rng.Perm(n) {
		digit := k % 10
		picture := draw(rng, digit)
		for _, v := range picture {
			images = binary.LittleEndian.AppendUint32(images, math.Float32bits(v))
		}
		labels = binary.LittleEndian.AppendUint64(labels, uint64(digit))
	}
	return pickle.Tuple{
		pickle.NewArray(pickle.Type{Kind: 'f', Size: 4}, images, n, pixels),
		pickle.NewArray(pickle.Type{Kind: 'i', Size: 8}, labels, n),
	}
}
