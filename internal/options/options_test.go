package options

import (
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	book := Options{Hidden: []int{30}, Epochs: 30, Batch: 10, Eta: 3, Seed: 1, Cost: "quadratic", Init: "normal"}
	with := func(change func(o *Options)) Options {
		o := book
		change(&o)
		return o
	}
	for name, c := range map[string]struct {
		args []string
		want Options
	}{
		"the book's":         {nil, book},
		"one at a time":      {[]string{"-batch", "1"}, with(func(o *Options) { o.Batch = 1 })},
		"one neuron":         {[]string{"-hidden", "1"}, with(func(o *Options) { o.Hidden = []int{1} })},
		"two layers, spaces": {[]string{"-hidden", " 60, 30 "}, with(func(o *Options) { o.Hidden = []int{60, 30} })},
		"spaces for none":    {[]string{"-hidden", " "}, with(func(o *Options) { o.Hidden = nil })},
		"all": {[]string{"-data", "f", "-hidden", "", "-epochs", "0", "-batch", "2", "-eta", "0.5", "-seed", "-7"},
			Options{Data: "f", Epochs: 0, Batch: 2, Eta: 0.5, Seed: -7, Cost: "quadratic", Init: "normal"}},
		"chapter 3": {[]string{"-cost", "cross-entropy", "-init", "scaled", "-lambda", "5",
			"-patience", "10", "-halve", "7", "-shift", "1", "-distort", "0.5", "-monitor"},
			with(func(o *Options) {
				o.Cost, o.Init, o.Lambda, o.Patience, o.Shift = "cross-entropy", "scaled", 5, 10, 1
				o.Halve, o.Distort, o.Monitor = 7, 0.5, true
			})},
		"limits":          {[]string{"-distort", "5"}, with(func(o *Options) { o.Distort = 5 })},
		"files":           {[]string{"-save", "a", "-show", "3"}, with(func(o *Options) { o.Save, o.Show = "a", 3 })},
		"loaded":          {[]string{"-load", "b"}, with(func(o *Options) { o.Load, o.Epochs = "b", 0 })},
		"trained further": {[]string{"-load", "b", "-epochs", "30"}, with(func(o *Options) { o.Load = "b" })},
		"to be read": {[]string{"-load", "b", "x", "y"}, with(func(o *Options) {
			o.Load, o.Epochs, o.Pictures = "b", 0, []string{"x", "y"}
		})},
	} {
		got, err := Parse(c.args)
		if err != nil {
			t.Errorf("%s: Parse(%q) failed: %v", name, c.args, err)
			continue
		}
		if got.flags = nil; !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: Parse(%q) = %+v, want %+v", name, c.args, *got, c.want)
		}
	}
}

func TestGiven(t *testing.T) {
	o, err := Parse([]string{"-eta", "3", "-lambda", "5", "-cost", "cross-entropy", "-init", "normal"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"eta": true, "cost": true, "epochs": false, "seed": false} {
		if got := o.Given(name); got != want {
			t.Errorf("that -%s is given is %v, want %v", name, got, want)
		}
	}
	if got, want := o.Chapter3(), []string{"cost cross-entropy", "init normal", "lambda 5"}; !slices.Equal(got, want) {
		t.Errorf("of chapter 3 there are %q, want %q", got, want)
	}
	o, err = Parse([]string{"-patience", "2", "-shift", "1", "-distort", "1", "-monitor", "-halve", "3"})
	if err != nil || !slices.Equal(o.Chapter3(), []string{"distort 1", "halve 3", "patience 2", "shift 1"}) {
		t.Errorf("of chapter 3 there are %q, %v", o.Chapter3(), err)
	}
}

func TestUsage(t *testing.T) {
	for _, asked := range []string{"-h", "-help", "--help"} {
		o, err := Parse([]string{asked})
		if !errors.Is(err, flag.ErrHelp) {
			t.Fatalf("%s: the error is %v, want flag.ErrHelp", asked, err)
		}
		var out strings.Builder
		o.Usage(&out)
		for _, want := range []string{"usage: digits [flags] [image ...]",
			"-data FILE", "-hidden LIST", "-epochs N", "-batch N", "-eta η", "-seed N",
			"-cost NAME", "-init NAME", "-lambda λ", "-patience N", "-halve N", "-shift N", "-distort S", "-monitor\n", "-save FILE", "-load FILE", "-show N",
			"-page FILE"} {
			if strings.Count(out.String(), want) != 1 {
				t.Errorf("%s: the help does not mention %q once:\n%s", asked, want, out.String())
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string // in the error, one line
	}{
		{[]string{"-epochs", "-1"}, "-epochs -1"},
		{[]string{"-epochs", "x"}, "-epochs"},
		{[]string{"-show", "-1"}, "-show -1"},
		{[]string{"-save", ""}, "-save"},
		{[]string{"-load", ""}, "-load"},
		{[]string{"-load", "net.json", "-hidden", "30"}, "-hidden beside -load"},
		{[]string{"-load", "net.json", "-init", "normal"}, "-init beside -load"},
		{[]string{"-load", "net.json", "x.png", "-show", "1"}, "flags come first"},
		{[]string{"-load", "net.json", "-"}, "standard input is not read"},
		{[]string{"-load", "-"}, "- is not standard input"},
		{[]string{"-save", "-"}, "- is not standard input"},
		{[]string{"-batch", "0"}, "-batch 0"},
		{[]string{"-batch", "-5"}, "-batch -5"},
		{[]string{"-eta", "NaN"}, "-eta NaN"},
		{[]string{"-eta", "0"}, "-eta 0"},
		{[]string{"-eta", "-1"}, "-eta -1"},
		{[]string{"-eta", "Inf"}, "-eta +Inf"},
		{[]string{"-hidden", "30,x"}, `"x" is not a number`},
		{[]string{"-hidden", "30,"}, `"" is not a number`},
		{[]string{"-hidden", "0"}, `"0" is not a number`},
		{[]string{"-cost", "linear"}, `-cost "linear": want quadratic or cross-entropy`},
		{[]string{"-cost", ""}, `-cost ""`},
		{[]string{"-init", "zero"}, `-init "zero": want normal or scaled`},
		{[]string{"-lambda", "-0.1"}, "-lambda -0.1"},
		{[]string{"-lambda", "NaN"}, "-lambda NaN"},
		{[]string{"-lambda", "Inf"}, "-lambda +Inf"},
		{[]string{"-patience", "-1"}, "-patience -1"},
		{[]string{"-patience", "x"}, "-patience"},
		{[]string{"-shift", "-1"}, "-shift -1"},
		{[]string{"-shift", "0.5"}, "-shift"},
		{[]string{"-distort", "-0.5"}, "-distort -0.5: want 0 to 5"},
		{[]string{"-distort", "5.01"}, "-distort 5.01: want 0 to 5"},
		{[]string{"-distort", "NaN"}, "-distort NaN"},
		{[]string{"-halve", "-1", "-patience", "3"}, "-halve -1"},
		{[]string{"-halve", "1"}, "-halve 1: it needs -patience"},
		{[]string{"-halve", "1", "-patience", "0"}, "-halve 1: it needs -patience"},
		{[]string{"-seed", "1.5"}, "-seed"},
		{[]string{"-nonsense"}, "-nonsense"},
		{[]string{"-epochs"}, "-epochs"},
		{[]string{"-load", "net.json", "--", "-"}, "standard input is not read"},
		{[]string{"-page", ""}, "-page wants the name"},
		{[]string{"-page", "-"}, "-page wants the name"},
	} {
		_, err := Parse(test.args)
		var usage *Error
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), test.want) ||
			!strings.HasSuffix(err.Error(), " (digits -h lists the flags)") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: the error is %v, want an *Error in one line with %q", test.args, err, test.want)
		}
	}
}

// CheckMemory and CheckData refuse sizes and flags that make no sense with the digits,
// and accept the last ones that do.
func TestChecks(t *testing.T) {
	memory := func(batch, patience, n int, sizes ...int) error {
		return (&Options{Batch: batch, Patience: patience}).CheckMemory(sizes, n)
	}
	square := func(o Options) error { o.Epochs = 1; return o.CheckData(2, 0, 9, 3) }
	oblong := func(o Options, validation int) error { o.Epochs = 1; return o.CheckData(2, validation, 8, 0) }
	for name, c := range map[string]struct {
		err  error
		want string // in the error; "" for none
	}{
		"memory, the book's":            {memory(10, 0, 50_000, 784, 30, 10), ""},
		"memory, weights at the limit":  {memory(0, 0, 1, 1<<14, 1<<14), ""},
		"memory, weights over it":       {memory(0, 0, 1, 1<<14, 1<<14+1), "with mini-batches of 0 take 2.1 GB of memory; the limit is 2 GB"},
		"memory, weights and the best":  {memory(0, 1, 1, 1<<14, 1<<13), ""},
		"memory, the best over it":      {memory(0, 1, 1, 1<<14, 1<<13+1), "take 2.1 GB of memory"},
		"memory, activations below it":  {memory(1<<26-1, 0, 1<<27, 1, 1), ""},
		"memory, activations over it":   {memory(1<<26, 0, 1<<27, 1, 1), "memory"},
		"memory, fewer digits":          {memory(1<<26, 0, 1<<26-1, 1, 1), ""},
		"memory, more than an int says": {memory(1, 0, 1, math.MaxInt, math.MaxInt), "memory"},

		"no training":            {(&Options{Eta: 3, Patience: 1, Distort: 1, Lambda: 5}).CheckData(2, 0, 8, 0), ""},
		"nothing asked":          {oblong(Options{Eta: 3}, 0), ""},
		"patience":               {oblong(Options{Eta: 3, Patience: 1}, 2), ""},
		"nothing to judge by":    {square(Options{Eta: 3, Patience: 1}), "-patience 1: the data has no validation digits"},
		"shift":                  {square(Options{Eta: 3, Shift: 2}), ""},
		"shift out of sight":     {square(Options{Eta: 3, Shift: 3}), "-shift 3: the images are only 3 pixels wide"},
		"shift of what":          {oblong(Options{Eta: 3, Shift: 1}, 0), "the images have 8 pixels, and only squares"},
		"distort":                {square(Options{Eta: 3, Distort: 5}), ""},
		"distort what":           {oblong(Options{Eta: 3, Distort: 1}, 0), "the images have 8 pixels, and only squares"},
		"λ":                      {square(Options{Eta: 3, Lambda: 0.66}), ""},
		"λ that leaves nothing":  {square(Options{Eta: 3, Lambda: 2. / 3}), "ηλ/n is 1 for the 2 training digits"},
		"λ that turns the signs": {square(Options{Eta: 3, Lambda: 1}), "-lambda 1 with -eta 3"},
		"λ, a product too large": {square(Options{Eta: 1e200, Lambda: 1e200}), "+Inf"},
	} {
		if (c.err == nil) != (c.want == "") || c.err != nil && !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %q", name, c.err, c.want)
		}
	}
}

// A picture that cannot be read is found before a training, and is no mistake in the
// command line; without a training it is left to be read.
func TestPictures(t *testing.T) {
	dir := t.TempDir()
	there, locked := filepath.Join(dir, "there.png"), filepath.Join(dir, "locked.png")
	os.WriteFile(there, nil, 0o666)
	os.WriteFile(locked, nil, 0o000)
	if o, err := Parse([]string{"-epochs", "1", there}); err != nil || !slices.Equal(o.Pictures, []string{there}) {
		t.Errorf("a picture: %v, %v", o.Pictures, err)
	}
	if _, err := Parse([]string{"-load", "net.json", filepath.Join(dir, "none.png"), dir}); err != nil {
		t.Errorf("without a training, the error is %v, want none", err)
	}
	wants := map[string]string{dir: dir + ": a folder, not an image", "stray": `"stray": there is no such image`,
		os.DevNull: os.DevNull + ": not an ordinary file, and it is read only after the training"}
	if f, err := os.Open(locked); err == nil {
		f.Close() // this user may read any file
	} else {
		wants[locked] = "permission denied"
	}
	for name, want := range wants {
		var usage *Error
		if _, err := Parse([]string{"-epochs", "1", name}); err == nil || errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v, want one with %q that is no *Error", name, err, want)
		}
	}
}

// The names of images: a shell that leaves *.png as it is, and names with a dash.
func TestExpandsNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"-a.png", "b.png", "c.png", "[c].png", "d.gif"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	back, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	defer os.Chdir(back)
	if err := os.Chdir(dir); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ names, want []string }{
		"a pattern":         {[]string{"*.png"}, []string{"-a.png", "[c].png", "b.png", "c.png"}},
		"names in brackets": {[]string{"[c].png"}, []string{"[c].png"}},
		"nothing like that": {[]string{"*.jpg", "b.png"}, []string{"*.jpg", "b.png"}},
		"no pattern":        {[]string{"d.gif", "[", "none"}, []string{"d.gif", "[", "none"}},
	} {
		o, err := Parse(append([]string{"-load", "x", "--"}, c.names...))
		if err != nil || !slices.Equal(o.Pictures, c.want) {
			t.Errorf("%s: %q becomes %q, error %v, want %q", name, c.names, o.Pictures, err, c.want)
		}
	}
	if _, err := Parse([]string{"-load", "x", "b.png", "-a.png"}); err == nil {
		t.Error("a flag behind the name of an image is read as an image")
	}
}
