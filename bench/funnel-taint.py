"""Where the way of data breaks at each place of a missed taint finding: what to build can be seen without reading the code.

  funnel-taint.py PAIRS.tsv --bin CASEMATE [--blind]     with $BENCH as for cve/run.py, $SCORER the folder of score.py

Totals by stage, before the fix; without --blind one line a pair as well. Answers are kept in $BENCH/funnel/NAME.
"""
import argparse, collections, csv, json, os, subprocess, sys
from concurrent.futures import ThreadPoolExecutor
ap = argparse.ArgumentParser()
ap.add_argument('pairs'); ap.add_argument('--bin', required=True); ap.add_argument('--blind', action='store_true')
a = ap.parse_args()
sys.path.insert(0, os.environ.get('SCORER', os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'shared', 'bench')))
from score import load_tool, fams, cwes_of, norm
bench = os.environ['BENCH']
o = os.path.join(bench, 'funnel', 'taint-' + os.path.basename(a.pairs)[:-4] + '-' + os.path.basename(a.bin)); os.makedirs(o, exist_ok=True)
rows = [r for r in csv.DictReader(open(a.pairs), delimiter='\t', quoting=csv.QUOTE_NONE) if r['kind'] == 'taint']
# The kinds of sinks that a weakness is about; others may be about any.
KINDS = {'path': (22, 23, 29, 36, 73, 434, 552), 'url': (918,), 'sql': (89, 564), 'nosql': (943,), 'command': (77, 78, 88), 'html': (79, 80, 87, 116),
         'redirect': (601,), 'code': (94, 95, 96, 470), 'template': (1336,), 'deserialize': (502,), 'proto': (1321, 915), 'merge': (1321, 915),
         'regex': (1333, 400, 730), 'redos': (1333, 400), 'log': (117,), 'header': (93, 113), 'xml': (611, 776), 'ldap': (90,), 'xpath': (643,)}
def places(r): return [(r['file'], int(r['line']))] + [(x.rpartition(':')[0], int(x.rpartition(':')[2])) for x in filter(None, r['alt'].split(';'))]
def tree(r): return os.path.join(bench, 'cve', 'src', r['id'], 'before')
def run(r):
    for ext, args in ('.sarif', ['assess', tree(r), '--quiet', '--format', 'sarif']), ('.txt', ['debug', 'sinks', tree(r), *(f'{f}:{n}' for f, n in places(r))]):
        p = os.path.join(o, r['id'] + ext)
        if os.path.exists(p) and os.path.getsize(p): continue
        with open(p, 'w') as f: subprocess.run(['timeout', '300', a.bin, *args], stdout=f, stderr=subprocess.DEVNULL)
with ThreadPoolExecutor(2) as ex: list(ex.map(run, rows))
def stage(r):
    try: found = load_tool(os.path.join(o, r['id'] + '.sarif'))
    except Exception: return '0 not assessed', ''
    at, want = places(r), cwes_of(r['cwe'])
    near = [x for x in found if any(norm(x[0], tree(r)) == f and abs(x[1] - n) <= 5 for f, n in at)]
    if any(fams(set(x[3])) & fams(want) for x in near): return '7 told', ''
    if near: other = ' (another rule speaks)'
    else: other = ''
    known = [x.rstrip('\n').split('  ', 1) for x in open(os.path.join(o, r['id'] + '.txt'))]
    what = [w for _, w in known]
    if 'file read' not in what: return '1 file not read', ''
    kinds = {k for k, c in KINDS.items() if want & set(c)}
    sinks = [w.split() for w in what if w.startswith('sink ')]
    fit = [s for s in sinks if s[1].split('.')[0] in kinds]
    calls = [w[5:] for w in what if w.startswith('call ')]
    unknown = sum(c == 'unknown' for c in calls)
    reached = any(w.startswith('function ') and w.endswith(' reached') and not w.endswith('not reached') for w in what)
    way = 'reached' if reached else 'not reached'
    if fit:
        best = max(['Nothing', 'Harmless', 'Given', 'Source'].index(s[2]) for s in fit)
        return '5 sink, carries ' + ['1 nothing', '2 what is harmless', '3 what it is given', '4 a source'][best] + ', ' + way + other, ''
    calls_are = 'no call' if not calls else 'all calls unknown' if unknown == len(calls) else 'some calls unknown' if unknown else 'calls known'
    return '3 no such sink (' + ('others; ' if sinks else '') + calls_are + '), ' + way + other, ' | '.join(sorted({c for c in calls}))[:300]
C = collections.Counter(); K = collections.defaultdict(collections.Counter)
for r in rows:
    s, more = stage(r); C[s] += 1; K[r['cwe'].split('|')[0] + ' ' + r['language'][:2]][s[0]] += 1
    if not a.blind: print(r['id'], '\t', s, '\t', r['cwe'], f"{r['file']}:{r['line']}", '\t', r['note'], '\t', more)
for k, v in sorted(C.items()): print(v, k)
print('by weakness: 1 file not read, 3 no such sink, 5 sink and no finding, 7 told')
for k, v in sorted(K.items(), key=lambda x: -sum(x[1].values())): print(f'  {k:14}', dict(sorted(v.items())))
