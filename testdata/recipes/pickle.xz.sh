python3 -c "import sys,gzip,pickle,lzma;n=sys.argv[1];gzip.open('digits.pkl.gz','wb',6).write(lzma.open(n).read())" "pickle.xz"
