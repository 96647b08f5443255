import { CanActivate, ExecutionContext, ForbiddenException, Injectable, SetMetadata, UnauthorizedException } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import jwt from 'jsonwebtoken';

const WANTED_ROLE = 'wanted-role';
export const Wants = (role: string) => SetMetadata(WANTED_ROLE, role);

@Injectable()
export class LoginGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    try {
      const token = String(request.headers.authorization ?? '').replace('Bearer ', '');
      request.user = jwt.verify(token, process.env.KEY ?? '', { algorithms: ['HS256'] });
    } catch {
      throw new UnauthorizedException();
    }
    return true;
  }
}

@Injectable()
export class WantsGuard implements CanActivate {
  constructor(private reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const wanted = this.reflector.get<string>(WANTED_ROLE, context.getHandler());
    const { user } = context.switchToHttp().getRequest();
    if (wanted && user.role !== wanted) throw new ForbiddenException();
    return true;
  }
}
