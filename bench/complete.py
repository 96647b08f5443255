"""Completes the trees that `cve/run.py --checkout-only` laid out: `git archive` stops at the first object that a mirror lacks, and all
files after it are absent (16 of the 184 pairs of pairs.tsv, of 10 the very file of the pair).

  complete.py PAIRS.tsv        with $BENCH and $MIRRORS as for cve/run.py; says what it wrote
"""
import csv, os, subprocess, sys
pairs = sys.argv[1]
src = os.path.join(os.environ['BENCH'], 'cve', 'src')
mirrors = os.environ['MIRRORS']
for r in csv.DictReader(open(pairs),delimiter='\t',quoting=csv.QUOTE_NONE):
    g=os.path.join(mirrors,r['repo'].replace('/','+'),'repo')
    if os.path.isdir(g+'/.git'): g+='/.git'
    for side,rev in (('before',r['vulnerable']),('after',r['fix'])):
        d=os.path.join(src,r['id'],side)
        scope=[s for s in r['scope'].split()]
        ls=subprocess.run(['git','--git-dir',g,'ls-tree','-r','-z',rev,'--',*scope],capture_output=True).stdout.split(b'\0')
        ents=[]
        for l in ls:
            if not l: continue
            m,f=l.split(b'\t',1); m=m.split()
            if m[1]!=b'blob' or m[0]==b'120000': continue
            ents.append((m[2],f.decode(errors='replace')))
        missing=[e for e in ents if not os.path.lexists(os.path.join(d,e[1]))]
        if not missing: continue
        p=subprocess.Popen(['git','--git-dir',g,'cat-file','--batch'],stdin=subprocess.PIPE,stdout=subprocess.PIPE)
        w=a=0
        for h,f in missing:
            p.stdin.write(h+b'\n');p.stdin.flush()
            hd=p.stdout.readline().split()
            if hd[1]==b'missing': a+=1; continue
            k=int(hd[2]);data=p.stdout.read(k);p.stdout.read(1)
            q=os.path.join(d,f);os.makedirs(os.path.dirname(q),exist_ok=True);open(q,'wb').write(data);w+=1
        p.stdin.close();p.wait()
        if w>3: print(r['id'],side,'written',w,'absent',a,flush=True)
