// Package options reads the command line of the program, and says what is wrong with
// it before anything is done:
//
//	o, err := options.Parse(os.Args[1:])
//	if errors.Is(err, flag.ErrHelp) {
//		o.Usage(os.Stdout)
//	}
//
// It knows the names and the ranges of the flags, and nothing of what they do.
package options

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Options are the flags and the names behind them.
type Options struct {
	Data   string // name of a file, or ""
	Hidden []int  // neurons in each hidden layer
	Epochs int    // 0 or more; 0 beside Load unless it is given
	Batch  int    // 1 or more
	Eta    float64
	Seed   int64

	Cost     string // one of Costs
	Init     string // "normal" or "scaled"
	Lambda   float64
	Patience int // 0 is none
	Halve    int // 0 or more; with Patience
	Shift    int // 0 or more
	Distort  float64
	Monitor  bool

	Save, Load, Page string   // names of files, or ""
	Show             int      // how many misread digits
	Pictures         []string // names of files

	flags *flag.FlagSet
}

// Costs are the names that -cost may have. The program has a cost for each.
var Costs = []string{"quadratic", "cross-entropy"}

// MaxDistort is the largest value of -distort, which package distort can do.
const MaxDistort = 5

// An Error says what is wrong with the command line, whatever is in the files.
type Error struct{ message string }

func (e *Error) Error() string { return e.message + " (digits -h lists the flags)" }

func errorf(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// Parse reads the arguments of the command. Its error is flag.ErrHelp if help is asked
// for, an *Error, or one about the file of a picture.
func Parse(args []string) (*Options, error) {
	o := &Options{flags: flag.NewFlagSet("digits", flag.ContinueOnError)}
	hidden := o.define()
	if err := o.flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return o, err
	} else if err != nil {
		return o, &Error{err.Error()}
	}
	o.Pictures = expand(o.flags.Args())
	if o.Load != "" && !o.Given("epochs") {
		o.Epochs = 0
	}
	var err error
	if o.Hidden, err = parseHidden(*hidden); err != nil {
		return o, err
	}
	if err := o.checkFlags(); err != nil {
		return o, err
	}
	first := len(args) - o.flags.NArg()
	return o, o.checkPictures(first > 0 && args[first-1] == "--")
}

// Given reports whether the command line has this flag.
func (o *Options) Given(name string) bool {
	found := false
	o.flags.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// Chapter3 returns the flags of chapter 3 that the command line has, and their values:
// "cost cross-entropy".
func (o *Options) Chapter3() (given []string) {
	o.flags.Visit(func(f *flag.Flag) {
		if slices.Contains([]string{"cost", "init", "lambda", "patience", "halve", "shift", "distort"}, f.Name) {
			given = append(given, fmt.Sprintf("%s %v", f.Name, f.Value))
		}
	})
	return given
}

// Usage writes to w how the command is used, and lists the flags. It returns the error
// of w.
func (o *Options) Usage(w io.Writer) error {
	var text bytes.Buffer
	o.flags.SetOutput(&text)
	text.WriteString("usage: digits [flags] [image ...]\n\nTrains a network to read handwritten digits, and reads images of one digit each.\n\n")
	o.flags.PrintDefaults()
	_, err := text.WriteTo(w)
	return err
}

// define defines the flags. The text of -hidden is for parseHidden.
func (o *Options) define() (hidden *string) {
	f := o.flags
	f.SetOutput(io.Discard) // an error is one line, and the program prints it
	f.Usage = func() {}     // and help is for Usage
	f.StringVar(&o.Data, "data", "", "gzip'd pickle `FILE`: (training, validation, test), each (images, labels);\n"+
		"without it data/mnist.pkl.gz if it is there, else the digits built in")
	hidden = f.String("hidden", "30", "neurons in each hidden layer, a comma-separated `LIST`, empty for none")
	f.IntVar(&o.Epochs, "epochs", 30, "train for `N` epochs, each a pass through the training digits;\n"+
		"with -load, for none unless this is given")
	f.IntVar(&o.Batch, "batch", 10, "take a step after each `N` training digits, a mini-batch")
	f.Float64Var(&o.Eta, "eta", 3, "learning rate `η`, how long the steps are")
	f.StringVar(&o.Cost, "cost", "quadratic", "`NAME` of what training makes smaller: quadratic or cross-entropy")
	f.StringVar(&o.Init, "init", "normal", "`NAME` of what the first weights are drawn from: normal, N(0,1),\n"+
		"or scaled, N(0,1/nIn) for a neuron with nIn inputs")
	f.Float64Var(&o.Lambda, "lambda", 0, "L2 regularization `λ`, how much large weights cost")
	f.IntVar(&o.Patience, "patience", 0, "judge each epoch on the validation digits, stop after `N` epochs without a new best,\n"+
		"keep the best and score the test digits once, at the end; 0 is off")
	f.IntVar(&o.Halve, "halve", 0, "with -patience: instead of stopping, halve the learning rate and go on, up to `N` times")
	f.IntVar(&o.Shift, "shift", 0, "move each training digit by a random number of pixels, up to `N` each way, afresh each epoch")
	f.Float64Var(&o.Distort, "distort", 0, "bend, turn, slant, scale and move each training digit at random, afresh each epoch,\n"+
		"with strength `S`, 0 to 5: about 1 for large networks, less for small ones")
	f.BoolVar(&o.Monitor, "monitor", false, "after each epoch print the cost and the accuracy on (up to 10000) training digits\n"+
		"and on the validation digits, or the test digits if there are none")
	f.Int64Var(&o.Seed, "seed", 1, "`N` to draw the first weights and the order of the digits from;\n"+
		"the same seed gives the same results")
	f.StringVar(&o.Save, "save", "", "keep the network in `FILE`, after every epoch; with -patience, after every new best")
	f.StringVar(&o.Load, "load", "", "take the network from `FILE`, as -save or the book's network2.py wrote it")
	f.IntVar(&o.Show, "show", 0, "show `N` misread test digits, and how often each digit was read as which;\n"+
		"and draw each image as the network saw it; with -load and images, only that;\n"+
		"with -distort or -shift, draw first what becomes of a training digit")
	f.StringVar(&o.Page, "page", "", "at the end, write a page for a browser to `FILE`, to draw on, with the network in it")
	return hidden
}

// parseHidden reads the value of -hidden: "60,30" is [60 30], "" is [].
func parseHidden(list string) ([]int, error) {
	var sizes []int
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	for _, field := range strings.Split(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 1 {
			return nil, errorf("-hidden %q: %q is not a number of neurons", list, field)
		}
		sizes = append(sizes, n)
	}
	return sizes, nil
}

// checkFlags refuses values that make no sense whatever the data.
func (o *Options) checkFlags() error {
	for _, c := range []struct {
		name         string
		value, least int
	}{
		{"epochs", o.Epochs, 0}, {"batch", o.Batch, 1}, {"show", o.Show, 0}, {"patience", o.Patience, 0}, {"shift", o.Shift, 0}, {"halve", o.Halve, 0},
	} {
		if c.value < c.least {
			return errorf("-%s %d: want %d or more", c.name, c.value, c.least)
		}
	}
	switch {
	case !(o.Eta > 0) || math.IsInf(o.Eta, 0): // not > 0: NaN as well
		return errorf("-eta %v: want a finite number above 0", o.Eta)
	case !(o.Lambda >= 0) || math.IsInf(o.Lambda, 0):
		return errorf("-lambda %v: want 0 or a finite number above it", o.Lambda)
	case !(o.Distort >= 0 && o.Distort <= MaxDistort):
		return errorf("-distort %v: want 0 to %d", o.Distort, MaxDistort)
	case o.Halve > 0 && o.Patience == 0:
		return errorf("-halve %d: it needs -patience, which says when to halve", o.Halve)
	case !slices.Contains(Costs, o.Cost):
		return errorf("-cost %q: want %s", o.Cost, strings.Join(Costs, " or "))
	case o.Init != "normal" && o.Init != "scaled":
		return errorf("-init %q: want normal or scaled", o.Init)
	case o.Given("save") && o.Save == "", o.Given("load") && o.Load == "", o.Save == "-", o.Load == "-":
		return errorf("-save and -load want the name of a file; - is not standard input or output here")
	case o.Given("page") && o.Page == "", o.Page == "-":
		return errorf("-page wants the name of a file; - is not standard output here")
	case o.Load != "" && o.Given("hidden"):
		return errorf("-hidden beside -load: the file says which layers the network has")
	case o.Load != "" && o.Given("init"):
		return errorf("-init beside -load: the weights are those in the file")
	}
	return nil
}

// CheckMemory refuses networks with these sizes, input first, that would not fit into any
// ordinary memory while they learn n digits. With patience there are two of them: the best is kept.
func (o *Options) CheckMemory(sizes []int, n int) error {
	const limit = 1 << 28 // numbers of 8 bytes: 2 GB
	batch := min(o.Batch, n)
	numbers := 0.0 // a float64 does not overflow, however long the list
	for l, neurons := range sizes {
		numbers += 2 * float64(batch) * float64(neurons) // activations and errors; for the inputs, what -distort needs
		if l == 0 {
			continue
		}
		weights := float64(sizes[l-1]) * float64(neurons)
		numbers += weights
		if o.Patience > 0 {
			numbers += weights
		}
	}
	if numbers > limit {
		const gigabyte = 1 << 30 / 8
		return fmt.Errorf("with mini-batches of %d take %.1f GB of memory; the limit is %d GB",
			batch, math.Ceil(10*numbers/gigabyte)/10, limit/gigabyte)
	}
	return nil
}

// CheckData refuses flags with which the network cannot be trained, with so many training and
// validation digits of so many pixels, width each way if they are squares, and else 0.
func (o *Options) CheckData(training, validation, pixels, width int) error {
	if o.Epochs == 0 {
		return nil
	}
	switch shrink := o.Eta * o.Lambda / float64(training); {
	case shrink >= 1:
		return fmt.Errorf("-lambda %v with -eta %v: ηλ/n is %.3g for the %d training digits, "+
			"so a step takes away all of the weights or more: want less than 1", o.Lambda, o.Eta, shrink, training)
	case o.Patience > 0 && validation == 0:
		return fmt.Errorf("-patience %d: the data has no validation digits to judge the epochs by", o.Patience)
	case (o.Shift > 0 || o.Distort > 0) && width == 0:
		return fmt.Errorf("-shift and -distort: the images have %d pixels, and only squares can be changed", pixels)
	case o.Shift > 0 && o.Shift >= width:
		return fmt.Errorf("-shift %d: the images are only %d pixels wide", o.Shift, width)
	}
	return nil
}

// expand replaces a name like *.png by the names of the files it stands for, where
// the shell has not, as on Windows.
func expand(names []string) (expanded []string) {
	for _, name := range names {
		files, _ := filepath.Glob(name)
		if _, err := os.Stat(name); err == nil || len(files) == 0 {
			files = []string{name}
		}
		expanded = append(expanded, files...)
	}
	return expanded
}

// checkPictures refuses names that are clearly not those of images, before a
// training that may take long. Without training, reading them will say so. Behind --,
// names may begin with a dash. A pipe may be gone when the training is over.
func (o *Options) checkPictures(dashes bool) error {
	for _, name := range o.Pictures {
		if name == "-" {
			return errorf("-: standard input is not read; give the name of an image")
		}
		if strings.HasPrefix(name, "-") && !dashes {
			return errorf("%s behind the name of an image: flags come first, or -- before a name like that", name)
		}
		if o.Epochs == 0 {
			continue
		}
		info, err := os.Stat(name) // to open a pipe might take forever
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("unexpected argument %q: there is no such image", name)
		case err != nil:
			return err
		case info.IsDir():
			return fmt.Errorf("%s: a folder, not an image", name)
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s: not an ordinary file, and it is read only after the training: save it as one", name)
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		f.Close()
	}
	return nil
}
