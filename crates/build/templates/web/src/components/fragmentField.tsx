'use client';

import { useEffect, useState } from 'react';

/** What stands behind `#` in the address, as a field of a form. It goes to no server by itself, and into no history. */
export function FragmentField({ name }: { readonly name: string }) {
  const [value, setValue] = useState('');
  useEffect(() => {
    if (location.hash !== '') {
      setValue(location.hash.slice(1));
      history.replaceState(null, '', location.pathname);
    }
  }, []);
  return <input type="hidden" name={name} value={value} />;
}
