python3 -c "import sys,gzip,pickle;n=sys.argv[1];open('digits.pkl.gz','wb').write(gzip.open(n).read())" "twice.pkl.gz.gz"
