import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './notes.controller';

NestFactory.create(AppModule).then((app) => app.listen(process.env.PORT ?? 3000));
