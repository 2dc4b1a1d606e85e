python3 -c "import sys,gzip,pickle,bz2;n=sys.argv[1];gzip.open('digits.pkl.gz','wb',6).write(bz2.open(n).read())" "pickle.bz2"
