import { Body, Controller, Delete, Get, Header, Module, Post, Query, UseGuards } from '@nestjs/common';
import { LoginGuard, Wants, WantsGuard } from './guards';

@Controller('notes')
class NotesController {
  private notes: string[] = [];

  @Post()
  @Wants('writer')
  @UseGuards(LoginGuard, WantsGuard)
  create(@Body() body: { text: string }) {
    this.notes.push(String(body.text));
    return { made: true };
  }

  @Delete()
  @Wants('writer')
  @UseGuards(LoginGuard, WantsGuard)
  remove() {
    this.notes = [];
    return {};
  }

  @Get()
  @UseGuards(LoginGuard)
  all() {
    return this.notes;
  }

  @Get('search')
  @Header('content-type', 'text/html')
  search(@Query('word') word: string) {
    return '<p>Nothing about ' + String(word).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`) + '</p>';
  }
}

@Module({ controllers: [NotesController] })
export class AppModule {}
