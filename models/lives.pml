/* Personalisation over a chip's lives, beyond keyswitch.pml: the four messages, numbers that the
   centre forgot (a restored database) and RESYNC, RESET into the next life and its receipt, and
   somebody who has K1 and so knows epoch 0 of every life.
   A negotiation is its place in the order of making, 1..S: that stands for its secret. What it
   calls itself (num) may repeat after the centre forgot. E_0 of life 0 is 0, of life 1 is X.
   As in keyswitch.pml the network is the set of messages ever sent, and every step may be the
   last before a crash. COMMIT stands for all that a chip may verify under its pending epoch. A chip's RAM (c_ram, c_gen) is lost at any moment; gen counts the nonces
   that it has made for a negotiation, so that an M2 fits one M1 only. */
#ifndef S
#define S 3
#endif
#define X 4
#define NONE 255
byte num[5], base[5];                /* of each negotiation */
byte c_act = 0, c_pend = NONE, c_max = 0, c_life = 0;             /* chip, durable */
byte c_ram = NONE, c_gen = 0;
byte a_act = 0, a_pend = NONE, a_num = 1, a_next = 1, a_life = 0; /* centre */
byte a_prep = 0;                     /* 1 INIT sent, 2 M2 made */
bit forgot = 0, resynced = 0;
bit init_[5], prepared[5], commit_[5], resync[5];
byte gen[5], m2[5];                  /* M1s made; M2 of which M1, 0 none */
byte resync_max[5];
bit m1[10];                          /* negotiation * 2 + generation - 1 */
bit reset_signed = 0, reset_done = 0, life_claimed = 0;

#define INSET(k) (c_act==k || c_pend==k)
#define AGREED(k) (k!=0 && k!=X && k!=NONE)

inline end() { a_prep=0; a_pend=NONE }
inline next_life() { a_life=1; a_act=X; a_num=1 }

active proctype Centre() {
  do
  :: atomic { a_prep==0 && a_act!=NONE && a_next<=S ->
       a_pend=a_next; a_next++; num[a_pend]=a_num; a_num++; base[a_pend]=a_act; a_prep=1 }
  :: atomic { a_prep!=0 -> init_[a_pend]=1 }
  :: atomic { a_prep==1 && m1[a_pend*2] -> m2[a_pend]=1; a_prep=2 }
  :: atomic { a_prep==1 && m1[a_pend*2+1] -> m2[a_pend]=2; a_prep=2 }
  :: atomic { a_prep!=0 -> end() }                                  /* time-out, crash */
  :: atomic { a_prep==2 && prepared[a_pend] -> a_act=a_pend; end() }
  :: atomic { AGREED(a_act) -> commit_[a_act]=1 }
  /* The numbers burned since the last switch are forgotten, once. */
  :: atomic { !forgot && a_prep==0 && a_act!=NONE && a_life==0 ->
       forgot=1; a_num=(a_act==0 -> 1 : num[a_act]+1) }
  :: atomic { a_prep==1 && resync[a_pend] -> resynced=1;
       if :: resync_max[a_pend]>=a_num -> a_num=resync_max[a_pend]+1 :: else fi; end() }
  /* RESET is signed for the chip's challenge; the AuC serves nobody until the receipt. */
  :: atomic { !reset_signed && a_prep==0 && a_life==0 && AGREED(a_act) ->
       reset_signed=1;
#ifdef EARLYRESET
       next_life()
#else
       a_act=NONE
#endif
     }
  :: atomic { reset_signed && reset_done && a_life==0 -> next_life() }
#ifdef ADOPTANY                      /* believes a RESYNC of the next life without a RESET */
  :: atomic { life_claimed && a_life==0 && a_prep==0 -> next_life() }
#endif
  od
}

inline store(i) {
  if
  :: num[i]>c_max && base[i]==c_act -> c_pend=i; c_max=num[i]
#ifndef NOPROMOTE                    /* takes a new one without promoting the base that it names */
  :: num[i]>c_max && base[i]!=c_act && base[i]==c_pend -> c_act=c_pend; c_pend=i; c_max=num[i]
#else
  :: num[i]>c_max && base[i]!=c_act && base[i]==c_pend -> c_pend=i; c_max=num[i]
#endif
  :: else
  fi
}

active proctype Chip() {
  byte i;
  do
  :: atomic { select(i : 1 .. S);
       init_[i] && i!=c_ram && i!=c_pend && i!=c_act && INSET(base[i]) && gen[i]<2 ->
       if
       :: num[i]>c_max && (c_ram==NONE || num[i]>num[c_ram]) ->
            gen[i]++; c_ram=i; c_gen=gen[i]; m1[i*2+c_gen-1]=1
       :: num[i]<=c_max -> resync[i]=1; resync_max[i]=c_max
       :: else
       fi; i=0 }
#ifdef NONONCE                       /* M2 does not cover this M1's nonce */
  :: atomic { select(i : 1 .. S); m2[i]!=0 -> store(i); i=0 }
#else
  :: atomic { c_ram!=NONE && m2[c_ram]!=0 && m2[c_ram]==c_gen -> store(c_ram); c_ram=NONE; c_gen=0 }
#endif
  :: atomic { c_ram!=NONE -> c_ram=NONE; c_gen=0 }                   /* power */
  :: atomic { AGREED(c_pend) -> prepared[c_pend]=1 }
  :: atomic { select(i : 1 .. S); commit_[i] -> if :: i==c_pend -> c_act=i; c_pend=NONE :: else fi; i=0 }
  :: atomic { reset_signed && c_life==0 ->
       c_life=1; c_act=X; c_pend=NONE; c_max=0; c_ram=NONE; c_gen=0 }
  :: atomic { c_life==1 -> reset_done=1; life_claimed=1 }
  od
}

/* Has K1: can say everything that epoch 0 of a life proves. */
active proctype Thief() {
  do
  :: life_claimed=1
#ifdef NOENDING                      /* the receipt has no MAC of the epoch that ended */
  :: atomic { reset_signed -> reset_done=1 }
#endif
  od
}

/* What the AuC would use, the chip accepts. */
ltl safe { [] (a_act==NONE || INSET(a_act)) }
/* Non-vacuity: each is reached, so its negation fails. */
ltl vac_resync { [] !(resynced && c_act==a_act && c_act==S && c_pend==NONE) }
ltl vac_life { [] !(c_life==1 && a_life==1 && c_act==a_act && AGREED(c_act)) }
