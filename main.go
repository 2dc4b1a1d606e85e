// Digits learns to read handwritten digits.
//
// It is the program of chapter 1 of Michael Nielsen's Neural Networks and Deep
// Learning (http://neuralnetworksanddeeplearning.com/chap1.html) in plain Go:
// a network of sigmoid neurons, trained by mini-batch stochastic gradient
// descent with backpropagation. Flags add what chapter 3 does: the cross-entropy
// cost, better first weights, regularization, early stopping.
//
//	go run . -epochs 30
//
// prints how many of the test digits the network classifies correctly after each
// epoch:
//
//	Epoch 0: 9062 / 10000
//	Epoch 1: 9277 / 10000
//	...
//
//	go run . -epochs 30 -save net.json
//	go run . -load net.json seven.png
//
// keeps the network in a file, and has it read a picture of a digit:
//
//	seven.png: 7 (7 0.98, 2 0.03, ...)
//
//	go run . -epochs 30 -page digits.html
//
// writes a page for a browser, to draw on, with the network in it.
//
// digits -h lists the flags. Results go to standard output, everything else to
// standard error. The exit status is 0; 1 when a file or the training fails;
// 2 when the command line is wrong.
//
// The files are written to be read in this order; what a file uses of a later
// one can be understood by its name and its comment:
//
//	network.go  the book: a network, its training, backpropagation
//	matrix.go   the matrix, the loops where all the time goes, the cores
//	loader.go   from the bytes of a file to digits: a pickle decoder, MNIST
//	main.go     the command: flags, which data, the run
//	picture/    from a picture of a digit to 28×28 pixels as MNIST has them
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"digits/picture"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole command: it returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		o.flags.SetOutput(stdout)
		o.flags.Usage()
		return 0
	}
	if err == nil {
		err = o.perform(stdout, stderr)
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "digits: %v\n", err)
	var usage *usageError
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}

// A usageError says what is wrong with the command line, whatever is in the files.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message + " (digits -h lists the flags)" }

func usageErrorf(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// options are the flags, read and checked.
type options struct {
	flags  *flag.FlagSet
	data   string
	hidden []int
	epochs int
	batch  int
	eta    float64
	seed   int64

	cost     string // a key of Costs
	init     string // "normal" or "scaled"
	lambda   float64
	patience int // 0 is none
	shift    int

	save, load string   // names of files, or ""
	page       string   // the same
	target     string   // the file that save leads to, if it is a link; see checkOutputs
	pageTarget string   // the same for page
	show       int      // how many misread digits
	pictures   []string // names of files
}

// parse reads the command line. Its error is flag.ErrHelp if help is asked
// for, else a *usageError.
func parse(args []string) (*options, error) {
	o := &options{flags: flag.NewFlagSet("digits", flag.ContinueOnError)}
	hidden := o.define()
	if err := o.flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return o, err
	} else if err != nil {
		return o, &usageError{err.Error()}
	}
	o.pictures = expand(o.flags.Args())
	if o.load != "" && !o.given("epochs") {
		o.epochs = 0
	}
	var err error
	if o.hidden, err = parseHidden(*hidden); err != nil {
		return o, err
	}
	first := len(args) - o.flags.NArg()
	return o, cmp.Or(o.checkFlags(), o.checkPictures(first > 0 && args[first-1] == "--"))
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

// define defines the flags. The text of -hidden is for parseHidden.
func (o *options) define() (hidden *string) {
	f := o.flags
	f.SetOutput(io.Discard) // an error is one line, and it is run that prints it
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "usage: digits [flags] [image ...]\n\nTrains a network to read handwritten digits, and reads images of one digit each.\n\n")
		f.PrintDefaults()
	}
	f.StringVar(&o.data, "data", "", "gzip'd pickle `FILE`: (training, validation, test), each (images, labels);\n"+
		"without it "+mnistFile+" if it is there, else the digits built in")
	hidden = f.String("hidden", "30", "neurons in each hidden layer, a comma-separated `LIST`, empty for none")
	f.IntVar(&o.epochs, "epochs", 30, "train for `N` epochs, each a pass through the training digits;\n"+
		"with -load, for none unless this is given")
	f.IntVar(&o.batch, "batch", 10, "take a step after each `N` training digits, a mini-batch")
	f.Float64Var(&o.eta, "eta", 3, "learning rate `η`, how long the steps are")
	f.StringVar(&o.cost, "cost", "quadratic", "`NAME` of what training makes smaller: quadratic or cross-entropy")
	f.StringVar(&o.init, "init", "normal", "`NAME` of what the first weights are drawn from: normal, N(0,1),\n"+
		"or scaled, N(0,1/nIn) for a neuron with nIn inputs")
	f.Float64Var(&o.lambda, "lambda", 0, "L2 regularization `λ`, how much large weights cost")
	f.IntVar(&o.patience, "patience", 0, "judge each epoch on the validation digits, stop after `N` without a new best,\n"+
		"keep the best and score the test digits once, at the end; 0 is off")
	f.IntVar(&o.shift, "shift", 0, "move the training digits by up to `N` random pixels each way, afresh each epoch")
	f.Int64Var(&o.seed, "seed", 1, "`N` to draw the first weights and the order of the digits from;\n"+
		"the same seed gives the same results")
	f.StringVar(&o.save, "save", "", "keep the network in `FILE`, after every epoch; with -patience, the best so far")
	f.StringVar(&o.load, "load", "", "take the network from `FILE`, as -save or the book's network2.py wrote it")
	f.IntVar(&o.show, "show", 0, "show `N` misread test digits, and how often each digit was read as which;\n"+
		"and draw each image as the network saw it")
	f.StringVar(&o.page, "page", "", "at the end, write a page for a browser to `FILE`, to draw on, with the network in it")
	return hidden
}

// given reports whether the command line has this flag.
func (o *options) given(name string) bool {
	found := false
	o.flags.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
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
			return nil, usageErrorf("-hidden %q: %q is not a number of neurons", list, field)
		}
		sizes = append(sizes, n)
	}
	return sizes, nil
}

// checkFlags refuses values that make no sense whatever the data.
func (o *options) checkFlags() error {
	for _, c := range []struct {
		name         string
		value, least int
	}{
		{"epochs", o.epochs, 0}, {"batch", o.batch, 1}, {"show", o.show, 0}, {"patience", o.patience, 0}, {"shift", o.shift, 0},
	} {
		if c.value < c.least {
			return usageErrorf("-%s %d: want %d or more", c.name, c.value, c.least)
		}
	}
	switch {
	case !(o.eta > 0) || math.IsInf(o.eta, 0): // not > 0: NaN as well
		return usageErrorf("-eta %v: want a number above 0", o.eta)
	case !(o.lambda >= 0) || math.IsInf(o.lambda, 0):
		return usageErrorf("-lambda %v: want 0 or a number above it", o.lambda)
	case Costs[o.cost] == nil:
		return usageErrorf("-cost %q: want quadratic or cross-entropy", o.cost)
	case o.init != "normal" && o.init != "scaled":
		return usageErrorf("-init %q: want normal or scaled", o.init)
	case o.given("save") && o.save == "", o.given("load") && o.load == "", o.save == "-", o.load == "-":
		return usageErrorf("-save and -load want the name of a file; - is not standard input or output here")
	case o.given("page") && o.page == "", o.page == "-":
		return usageErrorf("-page wants the name of a file; - is not standard output here")
	case o.load != "" && o.given("hidden"):
		return usageErrorf("-hidden beside -load: the file says which layers the network has")
	case o.load != "" && o.given("init"):
		return usageErrorf("-init beside -load: the weights are those in the file")
	}
	return nil
}

// checkPictures refuses what are clearly not the names of images, before a
// training that may take long. Without training, readPictures will say so. Behind --,
// names may begin with a dash.
func (o *options) checkPictures(dashes bool) error {
	for _, name := range o.pictures {
		if name == "-" {
			return usageErrorf("-: standard input is not read; give the name of an image")
		}
		if strings.HasPrefix(name, "-") && !dashes {
			return usageErrorf("%s behind the name of an image: flags come first, or -- before a name like that", name)
		}
		if o.epochs == 0 {
			continue
		}
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return usageErrorf("unexpected argument %q: there is no such image", name)
		}
		if err != nil {
			return err
		}
		info, err := f.Stat()
		f.Close()
		if err == nil && info.IsDir() {
			return usageErrorf("%s is a folder, not an image", name)
		}
	}
	return nil
}

// checkData refuses flags that make no sense with these digits.
func (o *options) checkData(training, validation *DataSet) error {
	n, width := training.Len(), training.Width()
	switch leaves := o.eta * o.lambda / float64(n); {
	case leaves >= 1:
		return fmt.Errorf("-lambda %v with -eta %v: ηλ/n is %.3g for the %d training digits, "+
			"so a step leaves nothing of the weights: want less than 1", o.lambda, o.eta, leaves, n)
	case o.patience > 0 && validation.Len() == 0:
		return fmt.Errorf("-patience %d: the data has no validation digits to judge the epochs by", o.patience)
	case o.shift > 0 && width == 0:
		return fmt.Errorf("-shift %d: the images have %d pixels, and only squares can be moved", o.shift, training.Pixels)
	case o.shift > 0 && o.shift >= width:
		return fmt.Errorf("-shift %d: the images are only %d pixels wide", o.shift, width)
	}
	return nil
}

// checkMemory refuses networks that would not fit into any ordinary memory.
func checkMemory(sizes []int, batch int) error {
	const limit = 1 << 28 // numbers of 8 bytes: 2 GB
	numbers := 0.0        // a float64 does not overflow, however long the list
	for l, n := range sizes {
		numbers += 2 * float64(batch) * float64(n) // activations and errors
		if l > 0 {
			numbers += float64(sizes[l-1]) * float64(n) // weights
		}
	}
	if numbers > limit {
		const gigabyte = 1 << 30 / 8
		return fmt.Errorf("%s neurons with mini-batches of %d take %.1f GB of memory; the limit is %d GB",
			dashed(sizes), batch, math.Ceil(10*numbers/gigabyte)/10, limit/gigabyte)
	}
	return nil
}

// perform does what the flags ask for: it makes or loads a network, trains it
// or tests it, and has it read the images. If all there is to do is to read
// images with a loaded network, no other digits are loaded.
func (o *options) perform(stdout, stderr io.Writer) error {
	if err := o.checkOutputs(); err != nil {
		return err
	}
	var net *Network
	if o.load != "" {
		var err error
		if net, err = o.loadNetwork(stderr); err != nil {
			return err
		}
	}
	if net == nil || o.epochs > 0 || o.save != "" || o.page != "" || len(o.pictures) == 0 {
		training, validation, test, err := loadData(o.data, stderr)
		if err != nil {
			return err
		}
		rng := rand.New(rand.NewPCG(uint64(o.seed), 0))
		if net, err = o.prepare(net, training, validation, rng); err != nil {
			return err
		}
		if err := o.train(net, training, validation, test, rng, stdout, stderr); err != nil {
			return err
		}
		if o.page != "" {
			if err := o.keepPage(net, test); err != nil {
				return err
			}
		}
		if o.show > 0 {
			if err := showMistakes(stdout, test, net.Answers(test), o.show); err != nil {
				return err
			}
		}
	}
	return o.readPictures(net, stdout, stderr)
}

// loadNetwork loads the network of -load and tells stderr what it is.
func (o *options) loadNetwork(stderr io.Writer) (*Network, error) {
	f, err := os.Open(o.load)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	net, err := LoadNetwork(o.load, f)
	if err != nil {
		return nil, err
	}
	sizes := net.Sizes()
	if n := sizes[len(sizes)-1]; n != digits {
		return nil, fmt.Errorf("%s: the network has %d outputs, want %d, one for each digit", o.load, n, digits)
	}
	if o.given("cost") && Costs[o.cost] != net.Cost {
		return nil, fmt.Errorf("%s: the cost of this network is %s: leave out -cost %s", o.load, net.Cost.Name, o.cost)
	}
	fmt.Fprintf(stderr, "network: %s: %s neurons, %s\n", o.load, dashed(sizes), net.Cost.Name)
	return net, nil
}

// dashed writes sizes as 784-30-10.
func dashed(sizes []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(sizes), " ", "-"), "[]")
}

// prepare makes a new network for the training digits, unless net was loaded,
// and sees that the network, the digits and the flags fit together.
func (o *options) prepare(net *Network, training, validation *DataSet, rng *rand.Rand) (*Network, error) {
	sizes := slices.Concat([]int{training.Pixels}, o.hidden, []int{digits})
	if net != nil {
		sizes = net.Sizes()
	}
	if sizes[0] != training.Pixels {
		return nil, fmt.Errorf("%s: the network has %d inputs, but the digits have %d pixels", o.load, sizes[0], training.Pixels)
	}
	if err := o.checkInputs(sizes[0]); err != nil {
		return nil, err
	}
	if err := cmp.Or(checkMemory(sizes, min(o.batch, training.Len())), o.checkData(training, validation)); err != nil {
		return nil, err
	}
	if o.save != "" {
		if err := checkSavedSize(sizes); err != nil {
			return nil, fmt.Errorf("-save %s: %w", o.save, err)
		}
	}
	if o.page != "" {
		if err := checkPageSizes(sizes); err != nil {
			return nil, fmt.Errorf("-page %s: %w", o.page, err)
		}
	}
	if net == nil {
		net = NewNetwork(sizes, rng)
		net.Cost = Costs[o.cost]
		if o.init == "scaled" {
			net.ScaleWeights()
		}
	}
	return net, nil
}

// train trains the network and keeps it in the file of -save. If there is
// nothing to train, it tests it.
func (o *options) train(net *Network, training, validation, test *DataSet, rng *rand.Rand, stdout, stderr io.Writer) error {
	if o.epochs > 0 || o.load == "" {
		o.announce(net.Sizes(), stderr)
	}
	if o.epochs == 0 {
		if _, err := fmt.Fprintf(stdout, "Test: %d / %d\n", net.Evaluate(test), test.Len()); err != nil {
			return err
		}
		return o.keep(net)
	}
	epochs, best := 0, 0 // how many there were, and which was the best
	extra := Extras{Lambda: o.lambda, Shift: o.shift, Patience: o.patience, Validation: validation, Progress: newMeter(stderr)}
	extra.AfterEpoch = func(epoch int, isBest bool) error {
		epochs = epoch + 1
		if !isBest {
			return nil
		}
		best = epoch
		return o.keep(net)
	}
	sgd := net.SGD
	if o.patience > 0 {
		sgd = net.SGDWithPatience
	}
	began := time.Now()
	if err := sgd(training, o.epochs, o.batch, o.eta, test, rng, stdout, extra); err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	if o.patience > 0 {
		fmt.Fprintf(stderr, "epoch %d was the best, and its weights are kept\n", best)
	}
	fmt.Fprintf(stderr, "cost on the training digits: %.4g\n", net.TotalCost(training, o.lambda))
	fmt.Fprintf(stderr, "took %.1f s, %.2f s an epoch\n", took, took/float64(epochs))
	if epochs >= 3 && net.Evaluate(test) < test.Len()*15/100 {
		fmt.Fprintln(stderr, "the network is hardly better than chance: the steps may be too long, try a smaller -eta;")
		fmt.Fprintln(stderr, "or its neurons are saturated, where σ′ is almost 0: try -init scaled, or -cost cross-entropy")
	}
	return nil
}

// announce says on stderr what is about to be trained, and how.
func (o *options) announce(sizes []int, stderr io.Writer) {
	fmt.Fprintf(stderr, "training a network of %s neurons: epochs %d, mini-batches of %d, η %v, seed %d",
		dashed(sizes), o.epochs, o.batch, o.eta, o.seed)
	o.flags.Visit(func(f *flag.Flag) {
		if slices.Contains([]string{"cost", "init", "lambda", "patience", "shift"}, f.Name) { // chapter 3's
			fmt.Fprintf(stderr, ", %s %v", f.Name, f.Value)
		}
	})
	fmt.Fprintln(stderr)
	if n := len(o.hidden); n > 1 && o.hidden[0] == sizes[0] && o.hidden[n-1] == digits {
		fmt.Fprintf(stderr, "-hidden lists the hidden layers only: leave out %d, the inputs, and %d, the outputs\n",
			sizes[0], digits)
	}
}

// keep writes net to the file of -save, if there is one.
func (o *options) keep(net *Network) error {
	if o.save == "" {
		return nil
	}
	if err := replaceFile(o.target, net.Save); err != nil {
		return fmt.Errorf("-save %s: %w", o.save, err)
	}
	return nil
}

// checkOutputs fails if the files of -save and -page could not be written, or if one
// of them is a file that is read here, or both are one. It is better to learn that
// before the training than after it.
func (o *options) checkOutputs() (err error) {
	read := append([]string{cmp.Or(o.data, mnistFile)}, o.pictures...)
	if o.target, err = checkOutput("save", o.save, read); err != nil {
		return err
	}
	// A page must not replace the network it is made from, as -save may.
	if o.pageTarget, err = checkOutput("page", o.page, append(read, o.load)); err != nil {
		return err
	}
	save, errSave := filepath.Abs(o.target)
	page, errPage := filepath.Abs(o.pageTarget)
	if o.save != "" && o.page != "" && errors.Join(errSave, errPage) == nil && (save == page || sameFile(save, page)) {
		return fmt.Errorf("-page %s: that is the file of -save", o.page)
	}
	return nil
}

// checkOutput returns the file that the file of a flag leads to, if it is a link. It
// fails if that could not be written, or if it is one that is read.
func checkOutput(name, file string, read []string) (target string, err error) {
	if file == "" {
		return "", nil
	}
	if target, err = followLinks(file); err == nil {
		err = checkReplaceable(target)
	}
	if err != nil {
		return "", fmt.Errorf("-%s %s: %w", name, file, err)
	}
	for _, input := range read {
		if sameFile(input, target) {
			return "", fmt.Errorf("-%s %s: it would replace %s, which is to be read", name, file, input)
		}
	}
	return target, nil
}

// followLinks returns the file that a link leads to, link after link, whether
// there is such a file or not; and a file that is not a link as it is.
func followLinks(file string) (string, error) {
	for range 100 {
		to, err := os.Readlink(file)
		if err != nil {
			return file, nil // not a link
		}
		if !filepath.IsAbs(to) {
			folder, _ := filepath.Split(file)
			to = folder + to
		}
		file = to
	}
	return "", errors.New("a link that leads to itself")
}

// sameFile reports whether two names are those of one file.
func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// checkReplaceable fails if replaceFile could not replace file. It changes nothing.
func checkReplaceable(file string) error {
	if info, err := os.Stat(file); err == nil {
		if !info.Mode().IsRegular() {
			return errors.New("not an ordinary file")
		}
		f, err := os.OpenFile(file, os.O_WRONLY, 0) // one that may not be written to is not to be replaced
		if err != nil {
			return bare(err)
		}
		f.Close()
	}
	f, err := createBeside(file)
	if err != nil {
		return bare(err)
	}
	return bare(errors.Join(f.Close(), os.Remove(f.Name())))
}

// createBeside creates a new file in the folder of file, under a name that no file
// and no link has.
func createBeside(file string) (f *os.File, err error) {
	for n := range 1000 {
		name := fmt.Sprintf("%s.%d.tmp", file, n)
		if f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return f, err
}

// replaceFile calls write with a temporary file, and gives that the name of file
// when all of it is on the disk: whatever stops the program, there is the old file
// or the new one. Its errors leave out the names of files: only the caller knows the
// one that the user knows.
func replaceFile(file string, write func(io.Writer) error) error {
	f, err := createBeside(file)
	if err != nil {
		return bare(err)
	}
	w := bufio.NewWriter(f)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if info, e := os.Stat(file); err == nil && e == nil {
		err = f.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		os.Remove(f.Name())
		return bare(err)
	}
	if folder, err := os.Open(filepath.Dir(file)); err == nil { // the new name is to be on the disk too
		folder.Sync() // some systems cannot do that, and need not
		folder.Close()
	}
	return nil
}

// bare returns what is wrong with a file, without its name.
func bare(err error) error {
	var file *fs.PathError
	var files *os.LinkError
	switch {
	case errors.As(err, &file):
		return file.Err
	case errors.As(err, &files):
		return files.Err
	}
	return err
}

// readPictures has net read the images named on the command line, and prints a
// line for each to stdout: the name, the digit, and the activations of the
// output neurons, the highest first. An image that cannot be read has its line
// on stderr, and does not stop the others.
func (o *options) readPictures(net *Network, stdout, stderr io.Writer) error {
	if err := o.checkInputs(net.Sizes()[0]); err != nil {
		return err
	}
	failed := 0
	for _, name := range o.pictures {
		digit, err := readPicture(name)
		if err != nil {
			fmt.Fprintf(stderr, "digits: %v\n", err)
			failed++
			continue
		}
		if len(digit.Done) > 0 {
			fmt.Fprintf(stderr, "%s: %s\n", name, strings.Join(digit.Done, ", "))
		}
		output := net.Feedforward(&Matrix{1, len(digit.Pixels), digit.Pixels}).Row(0)
		if _, err := fmt.Fprintf(stdout, "%s: %s%s\n", name, ranking(output), unsure(output)); err != nil {
			return err
		}
		if o.show > 0 || isTerminal(stdout) {
			if err := drawImage(stdout, digit.Pixels, picture.Width); err != nil {
				return err
			}
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d images could not be read", failed, len(o.pictures))
	}
	return nil
}

// checkInputs fails if there are images to read for a network of other inputs.
func (o *options) checkInputs(n int) error {
	const pixels = picture.Width * picture.Width
	if len(o.pictures) > 0 && n != pixels {
		return fmt.Errorf("%s: images have %d pixels, but the network has %d inputs", o.pictures[0], pixels, n)
	}
	return nil
}

// readPicture returns the digit in an image file.
func readPicture(name string) (*picture.Digit, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	digit, err := picture.Read(f)
	if errors.Is(err, image.ErrFormat) {
		head := make([]byte, headSize)
		n, _ := f.ReadAt(head, 0)
		if what, _ := nameOf(head[:n]); what != "" {
			err = &picture.Error{Message: "it is " + what + ", not a picture"}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, bare(err))
	}
	return digit, nil
}

// ranking writes what the output neurons say: "7 (7 0.98, 1 0.03, …)".
func ranking(output []float64) string {
	order, each := upTo(len(output)), make([]string, len(output))
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(output[j], output[i]) })
	for i, digit := range order {
		each[i] = fmt.Sprintf("%d %.2f", digit, output[digit])
	}
	return fmt.Sprintf("%d (%s)", order[0], strings.Join(each, ", "))
}

// unsure is what is said of an answer to be doubted, as no output is above one
// half, or the second is at least half as high as the highest: ", unsure".
func unsure(output []float64) string {
	sorted := slices.Clone(output)
	slices.Sort(sorted)
	if n := len(sorted); sorted[n-1] > 0.5 && sorted[n-2] < sorted[n-1]/2 {
		return ""
	}
	return ", unsure"
}

// showMistakes writes the confusion matrix of the test digits to w, then those
// pairs that were confused most often, then n of the digits that were misread.
func showMistakes(w io.Writer, test *DataSet, answers []int, n int) error {
	var count [digits][digits]int // [digit][answer]
	for i, answer := range answers {
		count[test.Labels[i]][answer]++
	}
	if err := writeConfusion(w, &count); err != nil {
		return err
	}
	for i, answer := range answers {
		digit := int(test.Labels[i])
		if digit == answer {
			continue
		}
		if n--; n < 0 {
			break
		}
		if _, err := fmt.Fprintf(w, "\ntest digit %d: %d read as %d\n", i, digit, answer); err != nil {
			return err
		}
		if err := drawImage(w, test.Image(i), test.Width()); err != nil {
			return err
		}
	}
	return nil
}

// writeConfusion writes how often each digit was read as which.
func writeConfusion(w io.Writer, count *[digits][digits]int) error {
	type confusion struct{ digit, answer, times int }
	var worst []confusion
	var out bytes.Buffer
	fmt.Fprint(&out, "\nright \\ read")
	for answer := range digits {
		fmt.Fprintf(&out, "%6d", answer)
	}
	for digit, row := range count {
		fmt.Fprintf(&out, "\n%12d", digit)
		for answer, times := range row {
			if times == 0 {
				fmt.Fprintf(&out, "%6s", ".")
				continue
			}
			fmt.Fprintf(&out, "%6d", times)
			if answer != digit {
				worst = append(worst, confusion{digit, answer, times})
			}
		}
	}
	fmt.Fprintln(&out)
	slices.SortStableFunc(worst, func(a, b confusion) int { return b.times - a.times })
	for i, c := range worst[:min(5, len(worst))] {
		if i == 0 {
			fmt.Fprintln(&out, "\nmost often confused:")
		}
		fmt.Fprintf(&out, "%6d times %d read as %d\n", c.times, c.digit, c.answer)
	}
	_, err := out.WriteTo(w)
	return err
}

// digits is how many there are: the neurons of the output layer.
const digits = 10

// Where MNIST is looked for, and where it is to be had.
const (
	mnistFile = "data/mnist.pkl.gz"
	getMNIST  = "curl --create-dirs -Lo data/mnist.pkl.gz " +
		"https://raw.githubusercontent.com/mnielsen/neural-networks-and-deep-learning/master/data/mnist.pkl.gz"
)

// builtIn is a small set of digits drawn by data/generate, in MNIST's format.
//
//go:embed data/digits.pkl.gz
var builtIn []byte

// loadData loads the digits in file, or if that is empty those of mnistFile
// if it exists, else those built in. It tells stderr which.
func loadData(file string, stderr io.Writer) (training, validation, test *DataSet, err error) {
	name := cmp.Or(file, mnistFile)
	var r io.Reader
	f, err := os.Open(name)
	switch {
	case err == nil:
		defer f.Close()
		r = f
	case file == "" && errors.Is(err, fs.ErrNotExist):
		name, r = "the digits built in", bytes.NewReader(builtIn)
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil, fmt.Errorf("%w; to get MNIST: %s; or leave -data out for the digits built in", err, getMNIST)
	default:
		return nil, nil, nil, err
	}
	training, validation, test, err = LoadData(name, r)
	if err != nil {
		return nil, nil, nil, err
	}
	fmt.Fprintf(stderr, "data: %s: %d training, %d validation, %d test digits of %d pixels\n",
		name, training.Len(), validation.Len(), test.Len(), training.Pixels)
	if f == nil {
		fmt.Fprintf(stderr, "for the real MNIST: %s\n", getMNIST)
	}
	return training, validation, test, nil
}

// drawImage draws an image on w in characters, in colour if w is a terminal
// that has it, whose user has not set NO_COLOR (https://no-color.org).
func drawImage(w io.Writer, pixels []float64, width int) error {
	if width == 0 { // images that are not squares
		width = len(pixels)
	}
	_, err := io.WriteString(w, picture.Draw(pixels, width, isTerminal(w) && os.Getenv("NO_COLOR") == ""))
	return err
}

// isTerminal reports whether w is a terminal, and not a dumb one. Go's own library
// tells terminals only from files and pipes; of other devices there is one to which
// output is commonly sent, and that is known by its name.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// newMeter returns a function for SGD to call after every mini-batch: it shows
// on w how far a long epoch has come, if w is a terminal. Otherwise it is nil.
func newMeter(w io.Writer) func(done, total int) {
	if !isTerminal(w) {
		return nil
	}
	return meter(w, time.Now)
}

// meter shows "37%" on w, at most five times a second, once an epoch has taken
// a second, and wipes it out when the epoch is over. now tells the time.
func meter(w io.Writer, now func() time.Time) func(done, total int) {
	const wipe = "\r       \r"
	var next time.Time // when to show something again; zero between epochs
	shown := false
	return func(done, total int) {
		t := now()
		switch {
		case done == total:
			if shown {
				io.WriteString(w, wipe)
			}
			next, shown = time.Time{}, false
		case next.IsZero():
			next = t.Add(time.Second)
		case t.After(next):
			fmt.Fprintf(w, "\r%3d%%", 100*done/total)
			next, shown = t.Add(200*time.Millisecond), true
		}
	}
}

// The page: one HTML file to draw on, with the network in it.

// pageSource is the page without a network. The JSON of a pageData takes the
// place of pageMarker.
//
//go:embed data/page.html
var pageSource string

const (
	pageMarker  = "THE NETWORK"
	pageMisread = 12      // digits on the page at most
	pageWeights = 1 << 22 // the most weights: a page of 22 MB
)

// pageData is what the page's script is told. Numbers are bytes, which JSON has
// as base64: weights and biases as float32, the lowest byte first.
type pageData struct {
	Sizes   []int       `json:"sizes"`
	Weights [][]byte    `json:"weights"` // of layer after layer, in the order of Network
	Biases  [][]byte    `json:"biases"`
	Cost    string      `json:"cost"`
	Origin  string      `json:"origin"` // where the weights come from: a seed, a file
	Right   int         `json:"right"`  // of Total test digits
	Total   int         `json:"total"`
	Misread []pageDigit `json:"misread"` // not nil, which JSON would have as null
}

// pageDigit is a test digit that the network misreads.
type pageDigit struct {
	Digit  uint8  `json:"digit"`
	Read   int    `json:"read"`
	Pixels []byte `json:"pixels"` // 256 times the pixels, rounded, at most 255
}

// checkPageSizes fails if the page cannot have a network of these sizes.
func checkPageSizes(sizes []int) error {
	const pixels = picture.Width * picture.Width
	if sizes[0] != pixels {
		return fmt.Errorf("what is drawn has %d pixels, the digits have %d", pixels, sizes[0])
	}
	weights := 0
	for l, nOut := range sizes[1:] {
		weights += sizes[l] * nOut
	}
	if weights > pageWeights {
		return fmt.Errorf("the network has %d weights; the limit for a page is %d", weights, pageWeights)
	}
	return nil
}

// keepPage writes the page of net to the file of -page.
func (o *options) keepPage(net *Network, test *DataSet) error {
	origin := fmt.Sprintf("seed %d", o.seed)
	if o.load != "" {
		origin = "loaded from " + filepath.Base(o.load)
		if o.epochs > 0 {
			origin += fmt.Sprintf(" and trained further with seed %d", o.seed)
		}
	}
	err := replaceFile(o.pageTarget, func(w io.Writer) error { return writePage(w, net, test, origin) })
	if err != nil {
		return fmt.Errorf("-page %s: %w", o.page, err)
	}
	return nil
}

// writePage writes the page to w. json.Marshal escapes <, > and &, so that
// nothing in a name ends the element that the JSON stands in.
func writePage(w io.Writer, net *Network, test *DataSet, origin string) error {
	data := pageData{Sizes: net.Sizes(), Cost: net.Cost.Name, Origin: origin, Total: test.Len(), Misread: []pageDigit{}}
	for l := range net.Weights {
		data.Weights = append(data.Weights, float32Bytes(net.Weights[l].Data))
		data.Biases = append(data.Biases, float32Bytes(net.Biases[l].Data))
	}
	for i, answer := range net.Answers(test) {
		if answer == int(test.Labels[i]) {
			data.Right++
		} else if len(data.Misread) < pageMisread {
			misread := pageDigit{Digit: test.Labels[i], Read: answer}
			for _, v := range test.Image(i) {
				misread.Pixels = append(misread.Pixels, byte(min(256*v+0.5, 255)))
			}
			data.Misread = append(data.Misread, misread)
		}
	}
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	before, after, _ := strings.Cut(pageSource, pageMarker)
	_, err = fmt.Fprintf(w, "%s%s%s", before, text, after)
	return err
}

// float32Bytes returns numbers as float32, the lowest byte first. Those beyond
// its range become the largest it has: for σ that is the same.
func float32Bytes(numbers []float64) []byte {
	out := make([]byte, 0, 4*len(numbers))
	for _, v := range numbers {
		v = min(max(v, -math.MaxFloat32), math.MaxFloat32)
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(v)))
	}
	return out
}
