// Convert makes digits.pkl.gz, a file that the program reads with -data, of digits in
// other kinds of files; if there is a file of that name, digits-2.pkl.gz, and so on. Run it
// from the root of the repository:
//
//	go run ./data/convert FILE...
//
// It reads
//
//   - IDX, MNIST's first form: name one of the four files, it finds the others beside it;
//   - CSV: a label and its pixels in each line, with a heading or without;
//   - .npy: name the file of the images and the file of their labels, in any order;
//   - .npz, and a pickle that is a dict: arrays with names like x_train and test_labels;
//   - a pickle, or JSON, of [[images, labels], [images, labels], ...];
//   - any of these compressed by gzip, even twice, or by bzip2, or in a zip archive.
//
// Where a file has no test digits, a seventh of its digits become that, as in MNIST;
// where it has no validation digits, a sixth of the training digits. They are the last
// ones, or every seventh and sixth if the digits are sorted upwards. One set alone is the
// training digits, whatever its name.
//
// Pixels come out as float32 from 0 to 1. If any is above 1, but for an error of rounding,
// all are divided by 255.
//
// Of files that only Python reads, npz.py makes an .npz.
//
// The way of a file: read.go opens and unpacks it; formats.go and lists.go make arrays
// of it; sets.go finds the images and the labels among them, and makes the three sets.
package main

import (
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"digits/internal/files"
	"digits/internal/pickle"
	"digits/internal/show"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

const usage = `usage: go run ./data/convert [-o FILE] FILE...

Makes digits.pkl.gz, for go run . -data digits.pkl.gz, of digits in IDX, CSV, .npy,
.npz, JSON or a pickle, compressed or not.

  -o FILE   write FILE instead of digits.pkl.gz (or of digits-2.pkl.gz, if there is that one)
`

// run is the whole command: it returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("convert", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	out := flags.String("o", "", "")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		if _, err := fmt.Fprint(stdout, usage); err != nil {
			fmt.Fprintf(stderr, "convert: %v\n", err)
			return 1
		}
		return 0
	case err == nil && flags.NArg() == 0:
		err = errors.New("name a file of digits")
	}
	if err != nil {
		fmt.Fprintf(stderr, "convert: %s (-h says more)\n", show.Line(err.Error()))
		return 2
	}
	if *out == "" {
		*out = newName()
	}
	said, err := convert(flags.Args(), *out)
	if err == nil {
		_, err = fmt.Fprintln(stdout, said)
	}
	if err != nil {
		fmt.Fprintf(stderr, "convert: %s\n", show.Line(err.Error()))
		return 1
	}
	return 0
}

// newName returns a name that no file here has. Without -o no file is replaced: it may be
// the one from which another program has just made what is to be read.
func newName() string {
	name := "digits.pkl.gz"
	for n := 2; ; n++ {
		if _, err := os.Lstat(name); err != nil {
			return name
		}
		name = fmt.Sprintf("digits-%d.pkl.gz", n)
	}
}

// convert reads the files called names, writes out, and returns what is to be said of it.
func convert(names []string, out string) (said string, err error) {
	if _, err := files.Output(out, names...); err != nil {
		return "", fmt.Errorf("-o %s: %w", show.Name(out), err)
	}
	r := newReader(names...)
	for _, name := range names {
		if err := r.readFile(name); err != nil {
			return "", fmt.Errorf("%s: %w", show.Name(name), err)
		}
	}
	target, err := files.Output(out, r.files...) // with those beside the ones that are named
	if err != nil {
		return "", fmt.Errorf("-o %s: %w", show.Name(out), err)
	}
	sets, err := makeSets(r.arrays)
	if err != nil {
		return "", fmt.Errorf("%s: %w", nameFiles(r.files), err)
	}
	if err := files.Replace(target, func(w io.Writer) error { return write(w, sets) }); err != nil {
		return "", fmt.Errorf("%s: %w", show.Name(out), err)
	}
	return fmt.Sprintf("%s: %d training, %d validation, %d test digits of %d pixels, from %s; now run: go run . -data %q",
		show.Name(out), sets[0].n(), sets[1].n(), sets[2].n(), sets[0].pixels, nameFiles(r.files), out), nil
}

// write writes the three sets as the program wants them: a gzip'd pickle of three pairs
// of float32 images, n×pixels, and int64 labels.
func write(w io.Writer, sets [3]*set) error {
	z := gzip.NewWriter(w)
	var pairs pickle.Tuple
	for _, s := range sets {
		labels := make([]byte, 8*s.n())
		for i, label := range s.labels {
			labels[8*i] = label
		}
		pairs = append(pairs, pickle.Tuple{
			pickle.NewArray(pickle.Type{Kind: 'f', Size: 4}, s.images, s.n(), s.pixels),
			pickle.NewArray(pickle.Type{Kind: 'i', Size: 8}, labels, s.n()),
		})
	}
	if err := pickle.Write(z, pairs); err != nil {
		return err
	}
	return z.Close()
}

// nameFiles returns the names of files without their folders, or how many there are.
func nameFiles(names []string) string {
	if len(names) > 4 {
		return fmt.Sprintf("%d files", len(names))
	}
	var bases []string
	for _, name := range names {
		bases = append(bases, show.Name(filepath.Base(name)))
	}
	return strings.Join(bases, ", ")
}
