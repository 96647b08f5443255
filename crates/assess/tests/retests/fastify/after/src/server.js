import { buildApp } from './app.js';

buildApp().listen({ port: 3000 });
