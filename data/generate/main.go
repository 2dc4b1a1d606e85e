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
// them as Python would: a gzipped pickle of numpy arrays.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// set is one of the three parts of a data set: n digits.
type set struct {
	images []float32 // n×784: each row by row from the top left; 0 is paper, 255/256 full ink
	labels []int64   // n: the digit meant, 0 to 9
}

func main() {
	log.SetFlags(0)
	rng := rand.New(rand.NewPCG(1, 0)) // the only source of chance
	training, validation, test := drawSet(rng, 12000), drawSet(rng, 2000), drawSet(rng, 2000)

	path := filepath.Join("data", "digits.pkl.gz")
	size, err := writeFile(path, pickle(training, validation, test))
	if err != nil {
		log.Fatalf("generate: %v", err)
	}
	fmt.Printf("%s: %d bytes\n", path, size)
}

// drawSet draws n digits, as many of each as of any other, in shuffled order.
func drawSet(rng *rand.Rand, n int) set {
	var s set
	for _, k := range rng.Perm(n) {
		digit := k % 10
		picture := draw(rng, digit)
		s.images = append(s.images, picture[:]...)
		s.labels = append(s.labels, int64(digit))
	}
	return s
}

// writeFile writes data, gzipped, to path, whole or not at all, and returns the
// size of the file in bytes.
func writeFile(path string, data []byte) (size int, err error) {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return 0, err
	}
	if _, err := z.Write(data); err != nil {
		return 0, err
	}
	if err := z.Close(); err != nil {
		return 0, err
	}
	part := path + ".part"
	if err := os.WriteFile(part, packed.Bytes(), 0o644); err != nil {
		return 0, err
	}
	return packed.Len(), os.Rename(part, path)
}

// A pickle is a program for a small machine, which builds an object on a stack
// and can remember things under numbers. These are the instructions in the
// book's mnist.pkl.gz, and every one that is needed here.
const (
	opProto       = "\x80\x02"          // what follows is protocol 2
	opGlobal      = "c"                 // push something by name: module, newline, name, newline
	opNone        = "N"                 // push None
	opFalse       = "\x89"              // push False
	opInt1        = "K"                 // push a number: 1 byte
	opInt2        = "M"                 // push a number: 2 bytes, little-endian
	opMinusOne    = "J\xff\xff\xff\xff" // push a number, 4 bytes: here always -1
	opShortString = "U"                 // push a string: its length in 1 byte, its bytes
	opString      = "T"                 // push a string: its length in 4 bytes, its bytes
	opMark        = "("                 // mark a place on the stack
	opTuple       = "t"                 // make a tuple of everything down to the mark
	opTuple1      = "\x85"              // make a tuple of the top one
	opTuple2      = "\x86"              // of the top two
	opTuple3      = "\x87"              // of the top three
	opReduce      = "R"                 // call a function with a tuple of arguments
	opBuild       = "b"                 // give an object its state
	opPut         = "q"                 // remember the top of the stack: under a number, 1 byte
	opGet         = "h"                 // push what is remembered: under a number, 1 byte
	opStop        = "."                 // the top of the stack is the result
)

// pickler is a pickle being written.
type pickler struct {
	bytes.Buffer
	puts byte            // how many things are remembered
	memo map[string]byte // the numbers of those that are used again, by name
}

// pickle returns the tuple of the three sets. Each is a tuple of its images, an
// array of n×784 float32, and its labels, one of n int64; n is below 65,536.
func pickle(training, validation, test set) []byte {
	p := &pickler{memo: map[string]byte{}}
	p.WriteString(opProto)
	for _, s := range []set{training, validation, test} {
		n := opInt2 + littleEndian(uint16(len(s.labels)))
		p.array("f4", n+opInt2+littleEndian(uint16(pixels))+opTuple2, littleEndian(s.images))
		p.array("i8", n+opTuple1, littleEndian(s.labels))
		p.WriteString(opTuple2)
		p.put("")
	}
	p.WriteString(opTuple3)
	p.put("")
	p.WriteString(opStop)
	return p.Bytes()
}

// littleEndian returns the bytes of a number, or of a slice of numbers, the low
// byte of each first.
func littleEndian(numbers any) string {
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, numbers); err != nil {
		panic(err) // numbers is of no fixed size: a mistake in this file
	}
	return b.String()
}

// array writes a numpy array: an empty one is made by numpy's own function, and
// then given its state (version, shape, element type, column order, data).
// shape is the instructions that push the tuple of its dimensions.
func (p *pickler) array(element, shape, data string) {
	p.once(opGlobal + "numpy.core.multiarray\n_reconstruct\n")
	p.once(opGlobal + "numpy\nndarray\n")
	p.once(opInt1 + "\x00" + opTuple1)
	p.once(opShortString + "\x01b")
	p.WriteString(opTuple3)
	p.put("")
	p.WriteString(opReduce)
	p.put("")
	p.WriteString(opMark + opInt1 + "\x01" + shape)
	p.put("")
	p.dtype(element)
	p.WriteString(opFalse + opString + littleEndian(uint32(len(data))) + data)
	p.put("")
	p.WriteString(opTuple)
	p.put("")
	p.WriteString(opBuild)
}

// dtype writes numpy's description of an element type, "f4" or "i8", whose low
// byte comes first.
func (p *pickler) dtype(element string) {
	if p.get(element) {
		return
	}
	p.once(opGlobal + "numpy\ndtype\n")
	p.once(opShortString + "\x02" + element)
	p.WriteString(opInt1 + "\x00" + opInt1 + "\x01" + opTuple3)
	p.put("")
	p.WriteString(opReduce)
	p.put(element)
	p.WriteString(opMark + opInt1 + "\x03")
	p.once(opShortString + "\x01<")
	p.WriteString(opNone + opNone + opNone + opMinusOne + opMinusOne + opInt1 + "\x00" + opTuple)
	p.put("")
	p.WriteString(opBuild)
}

// once writes code, instructions that push one thing, and remembers the thing
// under that name; if it was written before, the thing is fetched instead.
func (p *pickler) once(code string) {
	if !p.get(code) {
		p.WriteString(code)
		p.put(code)
	}
}

// put remembers the top of the stack. Python remembers nearly everything, so
// that a thing met twice is written once; only what has a name is ever fetched.
func (p *pickler) put(name string) {
	p.WriteString(opPut)
	p.WriteByte(p.puts)
	if name != "" {
		p.memo[name] = p.puts
	}
	p.puts++
}

// get pushes what is remembered under the name, and reports whether there is such a thing.
func (p *pickler) get(name string) bool {
	number, ok := p.memo[name]
	if ok {
		p.WriteString(opGet)
		p.WriteByte(number)
	}
	return ok
}
