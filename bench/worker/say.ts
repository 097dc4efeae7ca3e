import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { IsString, Length, MaxLength } from 'class-validator';

/** What both servers' `say` handlers take. */
export class SayDto {
  @IsString()
  @Length(1, 32)
  room!: string;

  @IsString()
  @MaxLength(65_536)
  text!: string;
}

/** Lets everyone in, and looks at what it is asked about, as a guard does. */
export class SayGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.getArgByIndex<unknown>(0) !== undefined;
  }
}
