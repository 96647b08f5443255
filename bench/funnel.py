"""How far the application model comes at each place of a missing control: where fixes fall out before any rule is asked.

  funnel.py PAIRS.tsv --bin CASEMATE [--blind]     with $BENCH as for cve/run.py, after --checkout-only and complete.py

Totals by stage; without --blind one line a pair as well. Models are kept in $BENCH/funnel/NAME, NAME being the file's and the binary's.
"""
import argparse, collections, csv, json, os, subprocess
from concurrent.futures import ThreadPoolExecutor
ap = argparse.ArgumentParser()
ap.add_argument('pairs'); ap.add_argument('--bin', required=True); ap.add_argument('--blind', action='store_true')
a = ap.parse_args()
bench = os.environ['BENCH']
o = os.path.join(bench, 'funnel', os.path.basename(a.pairs)[:-4] + '-' + os.path.basename(a.bin)); os.makedirs(o, exist_ok=True)
rows = [r for r in csv.DictReader(open(a.pairs), delimiter='\t', quoting=csv.QUOTE_NONE) if r['kind'] == 'missing-control']
def run(r):
    p = os.path.join(o, r['id'] + '.json')
    if os.path.exists(p): return
    tree = os.path.join(bench, 'cve', 'src', r['id'], 'before')
    with open(p, 'w') as f: subprocess.run(['timeout', '150', a.bin, 'model', tree, '--format', 'json'], stdout=f, stderr=subprocess.DEVNULL)
with ThreadPoolExecutor(2) as ex: list(ex.map(run, rows))
C=collections.Counter()
for r in rows:
    try: d=json.load(open(os.path.join(o, r['id'] + '.json')))
    except Exception: C['no model']+=1; continue
    places=[(r['file'],int(r['line']))]+[(a.rpartition(':')[0],int(a.rpartition(':')[2])) for a in filter(None,r['alt'].split(';'))]
    files={f for f,_ in places}
    E=d['endpoints']
    handler=[e for e in E if any(h['at'] and h['at']['file'] in files for h in e['handlers'])]
    near=[e for e in E for ob in e['objects'] if any(ob['at']['file']==f and abs(ob['at']['line']-n)<=10 for f,n in places)]
    samefile=[e for e in E for ob in e['objects'] if ob['at']['file'] in files]
    auth=collections.Counter(e['guarded'].get('authentication') for e in (near or handler))
    own=collections.Counter(e['guarded'].get('owner') for e in (near or handler))
    stage=('0 no endpoints' if not E else '1 no endpoint handler or object in file' if not handler and not samefile else '2 handler in file, no object near' if not near else '3 object near; auth '+str(auth.most_common(1)[0][0])+' owner '+str(own.most_common(1)[0][0]))
    if stage[0]=='2':
        best=None
        for e in E:
            for h in e['handlers']:
                if not h['at']: continue
                for f,n in places:
                    dd=n-h['at']['line']
                    if h['at']['file']==f and -3<=dd<=80 and (best is None or dd<best[0]): best=(dd,e)
        if best: stage='2 handler near: auth '+str(best[1]['guarded'].get('authentication'))+(' objects elsewhere' if best[1]['objects'] else ' objects NONE')
        else: stage='2b handler in file, not near'
    C[stage]+=1
    if not a.blind: print(r['id'],stage,len(E),len(d['unresolved']),r['cwe'][:16],r['file'])
for k,v in sorted(C.items()): print(v,k)
